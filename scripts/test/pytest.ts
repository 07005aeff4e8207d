// The Python suite: pytest in python-pools, its output handed on as it comes, its closing line read for the counts.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join, relative } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Counts } from "./counts.ts";
import { root } from "./suites.ts";

const pools = join(root, "python-pools");

// What waits to be read at most before pytest has to: far more than it writes where all is well.
const HELD_BYTES = 16 * 1024 * 1024;

export interface Pytest {
  /** What it writes, as it comes. */
  output: AsyncIterable<string>;
  counts: Promise<Counts>;
}

export function runPytest(files: string[], { fast, signal }: { fast: boolean; signal: AbortSignal }): Pytest {
  const args = ["-m", "pytest", `--color=${process.stdout.isTTY ? "yes" : "no"}`];
  if (fast) args.push("-m", "not integration");
  args.push(...files.map((file) => relative("python-pools", file)));
  const child = spawn(join(root, ".venv/bin/python"), args, {
    cwd: pools,
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  const output = new PassThrough({ encoding: "utf8", highWaterMark: HELD_BYTES });
  child.stdout.setEncoding("utf8").pipe(output);
  const counts = countsOfChild(child);
  // Whoever reads all output first asks for them later than they may fail.
  counts.catch(() => {});
  return { output, counts };
}

async function countsOfChild(child: ChildProcessByStdio<null, Readable, null>): Promise<Counts> {
  let last = "";
  child.stdout.on("data", (text: string) => {
    last = `${last}${text}`.trimEnd().split("\n").at(-1) ?? "";
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return countsOf(stripVTControlCharacters(last), code ?? 1);
}

/** Reads a line like `== 2 failed, 31 passed, 1 error in 4.20s ==`; what ends badly has one failure at least. */
export function countsOf(closingLine: string, exitCode: number): Counts {
  const count = (words: string) => Number(new RegExp(`(\\d+) (?:${words})\\b`).exec(closingLine)?.[1] ?? 0);
  const failed = count("failed") + count("errors?");
  // 5 says that the chosen files hold no chosen test.
  const ended = exitCode === 0 || exitCode === 5;
  return { passed: count("passed"), failed: ended ? failed : Math.max(failed, 1) };
}
