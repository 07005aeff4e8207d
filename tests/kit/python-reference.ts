// One Python process that is asked for what Python's own packages make of something: definitions that native metrics and
// texts must agree with, and the twins of native programs (python-pools/tests/shipped/reference.py).

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ROOT } from "./doc-blocks.ts";

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class PythonReference implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: Waiting[] = [];

  constructor() {
    const script = join(ROOT, "python-pools/tests/shipped/reference.py");
    this.#process = spawn(join(ROOT, ".venv/bin/python"), [script], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#process.stdout }).on("line", (line) => {
      const { value, error } = JSON.parse(line) as { value?: unknown; error?: string };
      const asked = this.#waiting.shift();
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(new Error(error));
    });
    this.#process.once("exit", (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the process ended with ${code}`));
    });
  }

  /** Answers come in the order of the questions. */
  ask<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject });
      this.#process.stdin.write(`${JSON.stringify({ function: name, arguments: args })}\n`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin.end();
    await ended;
  }
}

/** The same to within a relative 1e-9, NaN the same as Python's None. */
function isClose(one: number, other: number | null, tolerance = 1e-9): boolean {
  if (other === null || Number.isNaN(one)) return other === null && Number.isNaN(one);
  return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other));
}

export function close(one: number, other: number | null | undefined, what: string): void {
  assert.ok(other !== undefined && isClose(one, other), `${what}: ${one} here, ${other} in Python`);
}

export function allClose(ones: readonly number[], others: readonly (number | null)[], what: string): void {
  assert.equal(ones.length, others.length, what);
  for (const [n, one] of ones.entries()) close(one, others[n], `${what}[${n}]`);
}
