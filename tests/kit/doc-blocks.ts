// The code blocks of a page of documentation, each with the comment above it that says how it is held true:
//
//   <!-- run -->                    shell, run against a running system        <!-- run with nats -->  if that command is there
//   <!-- run for 3 seconds -->      … and then interrupted, as by Ctrl-C       <!-- not run: why -->
//   <!-- file NAME -->              saved under that name before others run    <!-- compiles -->       typed, not run
//   <!-- region NAME of PATH -->    a region of a file that is tested          <!-- message NAME -->   fits that schema

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface DocBlock {
  page: string;
  line: number;
  /** Text of the comment just above; "" where there is none. */
  marker: string;
  language: string;
  text: string;
}

const BLOCK = /^(?:<!-- (.*?) -->\n)?```(\w*)\n([\s\S]*?)^```$/gm;

export function docBlocks(page: string): DocBlock[] {
  const text = readPage(page);
  return [...text.matchAll(BLOCK)].map(({ 1: marker = "", 2: language = "", 3: code = "", index }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    marker,
    language,
    text: code,
  }));
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** Cells of every row of every table in a text, however it is aligned. */
export function tableRows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .replace(/^\||\|$/g, "")
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** Code between `// #region NAME` (or `# region NAME`) and its end, without the indent that it has there. */
export function regionOf(path: string, name: string): string {
  const start = String.raw`^ *(?://|#) ?#?region ${name}\n`;
  const end = String.raw`\n *(?://|#) ?#?endregion`;
  const found = new RegExp(`${start}([\\s\\S]*?)${end}`, "m").exec(readPage(path))?.[1];
  if (found === undefined) throw new Error(`no region ${name} in ${path}`);
  const lines = found.replace(/^\n+|\s+$/g, "").split("\n");
  const indent = Math.min(...lines.filter((line) => line !== "").map((line) => line.search(/\S/)));
  return `${lines.map((line) => line.slice(indent)).join("\n")}\n`;
}
