// Brings everything that the repository needs onto this machine: the Node packages (with Node 24 among them) and the
// Python environment. Runs before `npm start`, `npm test` and the like; does nothing where nothing changed.
//
// Plain JavaScript for the Node that happens to be there (20 or newer), importing nothing that has to be installed.
//
//   npm start ─▶ this, under the machine's Node ─▶ npm ci ∥ .venv ─▶ the real script, under node_modules/.bin/node
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRunner, SetupError } from "./setup/command.mjs";
import { takeLock } from "./setup/lock.mjs";
import { nodePackages } from "./setup/node-packages.mjs";
import { createProgress } from "./setup/progress.mjs";
import { pythonPackages } from "./setup/python-packages.mjs";

const root = join(fileURLToPath(import.meta.url), "../..");
// What only developers need is left out in production: type checker, linters, test runners.
const production = process.argv.includes("--production") || process.env.NODE_ENV === "production";
const options = { root, production };
const parts = [nodePackages(options), pythonPackages(options)];

async function setUp() {
  requireNode(20);
  if (parts.every((part) => part.isFresh())) return;

  const progress = createProgress(process.stderr);
  const lock = await takeLock(join(root, ".setup.lock"), (pid) => {
    progress.say(`another setup (process ${pid}) is running in this folder: waiting for it`);
  });
  const { run, stop } = createRunner(lock.record);
  const end = async (signal) => {
    await stop();
    lock.release();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    // Asked again: while this one waited, the other may have done the work.
    const stale = parts.filter((part) => !part.isFresh());
    for (const part of stale) part.prepare?.();
    const installations = stale.map((part) => progress.step(part.name, (note) => part.install(run, note)));
    const outcomes = await Promise.allSettled(installations);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    if (reasons.length > 0) throw new AggregateError(reasons, "installing failed");
    if (stale.length > 0) progress.say("ready", { total: true });
  } finally {
    lock.release();
  }
}

function requireNode(major) {
  if (Number(process.versions.node.split(".")[0]) >= major) return;
  throw new SetupError(`node ${process.versions.node} is too old`, {
    todo: `Install Node ${major} or newer.`,
  });
}

function report(error) {
  const errors = error instanceof AggregateError ? error.errors : [error];
  for (const one of errors) {
    const text = one instanceof SetupError ? one.report() : one.stack;
    process.stderr.write(`\nsetup failed: ${text}\n`);
  }
}

try {
  await setUp();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
