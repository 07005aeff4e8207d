#!/usr/bin/env node
// The dspex command. Runs on the Node that the project brings along (24), whatever Node started it: the sources are
// TypeScript, which older ones cannot read. Plain JavaScript, so that any Node since 20 can say what is missing.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
const root = fileURLToPath(new URL("../../..", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= OLDEST_MAJOR) {
  if (isInstalled()) {
    // The compiled sources are kept between runs: half of the time of a short command.
    module.enableCompileCache?.();
    const { main } = await import("./main.ts");
    process.exitCode = await main(process.argv.slice(2));
  } else fail();
} else {
  const node = ownNode();
  if (node === undefined) fail();
  else again(node);
}

function isInstalled() {
  return existsSync(join(root, "node_modules", "commander")) || canResolve("commander");
}

/** The Node binary in node_modules, of this package or of the one that depends on it. */
function ownNode() {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", ".bin", "node");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function canResolve(name) {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The same command on the other Node: same input and output, same signals, same exit code. */
function again(node) {
  const stdio = ["inherit", "inherit", "inherit"];
  const readyFd = Number(
    /^--ready-fd(?:=|\s)(\d+)/m.exec(
      process.argv
        .slice(2)
        .join("\n")
        .replace(/\n(?=\d)/g, " "),
    )?.[1],
  );
  for (let fd = 3; fd <= readyFd; fd++) stdio[fd] = fd === readyFd ? "inherit" : "ignore";
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio });
  // A terminal sends Ctrl-C to both: the child decides what it means. The others are sent to us alone.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`dspex: cannot run ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
  });
}

function fail() {
  process.stderr.write(
    `dspex: this copy is not set up yet (it needs Node ${OLDEST_MAJOR} and its packages): run "npm run setup" in ${root}\n`,
  );
  process.exitCode = 2;
}
