// What a benchmark says in the end: a table for people, JSON in bench/results/ for machines, and in both what it was
// measured on.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { loadNow, type Machine, machineNow } from "./machine.ts";
import type { BenchSettings } from "./settings.ts";
import type { Spread } from "./statistics.ts";

export interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

export class Report {
  readonly #name: string;
  readonly #settings: BenchSettings;
  readonly #machine = machineNow();
  readonly #tables: Table[] = [];
  readonly #numbers: Record<string, unknown> = {};

  /** `file` is the benchmark's `import.meta.filename`. */
  constructor(file: string, settings: BenchSettings) {
    this.#name = basename(file, ".ts");
    this.#settings = settings;
  }

  /** Prints a table at once. */
  table(table: Table): void {
    this.#tables.push(table);
    console.log(`\n${table.title}\n${formatTable(table)}`);
  }

  /** Numbers for the JSON. */
  put(name: string, value: unknown): void {
    this.#numbers[name] = value;
  }

  /** Writes the JSON and prints where, and what it was measured on. */
  finish(): void {
    const machine: Machine = { ...this.#machine, loadAfter: loadNow() };
    const folder = join(import.meta.dirname, "../results");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${this.#name}${this.#settings.short ? ".short" : ""}.json`);
    const { rounds, roundMs, short } = this.#settings;
    const body = {
      name: this.#name,
      at: new Date().toISOString(),
      machine,
      settings: { rounds, roundMs, short },
      numbers: this.#numbers,
      tables: this.#tables,
    };
    writeFileSync(file, `${JSON.stringify(body, null, 2)}\n`);
    const { cores, cpu, loadBefore, loadAfter } = machine;
    const length = roundMs > 0 ? ` of ${roundMs} ms` : "";
    const spreads =
      rounds > 1
        ? `; medians of ${rounds} interleaved rounds${length}, in brackets the lowest and the highest`
        : "";
    console.log(
      `\n${cores} cores (${cpu}), Node ${machine.node}, load ${loadBefore} before, ${loadAfter} after${spreads}` +
        `\n→ bench/results/${basename(file)}`,
    );
  }
}

function formatTable({ columns, rows }: Table): string {
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ");
  return [line(columns), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** Three digits that matter, thousands with commas. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `12,300 (11,000–13,100)` */
export function shownSpread({ median, min, max }: Spread): string {
  return `${shown(median)} (${shown(min)}–${shown(max)})`;
}
