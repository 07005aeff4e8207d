// The Python suite: pytest in python-pools, its output passed on as it comes, its closing line read for the counts.
import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Counts } from "./counts.ts";
import { root } from "./suites.ts";

const pools = join(root, "python-pools");

export async function runPytest(
  files: string[],
  { fast, signal }: { fast: boolean; signal: AbortSignal },
): Promise<Counts> {
  const args = ["-m", "pytest", `--color=${process.stdout.isTTY ? "yes" : "no"}`];
  if (fast) args.push("-m", "not integration");
  args.push(...files.map((file) => relative("python-pools", file)));
  const child = spawn(join(root, ".venv/bin/python"), args, {
    cwd: pools,
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  let last = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
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
