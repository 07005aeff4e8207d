// Each example as a person runs it: a process of its own beside one running system, judged by what it prints.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RunningSystem, startSystem } from "./running-system.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const python = join(root, ".venv/bin/python");
const run = promisify(execFile);

let system: RunningSystem;

before(async () => {
  const config = fileURLToPath(new URL("./examples.config.ts", import.meta.url));
  system = await startSystem({ arguments: ["--config", config] });
});
after(async () => {
  await system?.[Symbol.asyncDispose]();
});

/** Lines of the example's standard output. */
async function linesOf(program: string, file: string): Promise<string[]> {
  // Nothing but the home: an example finds its login as on a new user's machine.
  const { NATS_URL: _url, NATS_USER: _user, NATS_PASSWORD: _password, ...rest } = process.env;
  const env = { ...rest, DSPEX_HOME: system.home };
  const { stdout } = await run(program, [join(root, "examples", file)], { cwd: root, env });
  return stdout.trim().split("\n");
}

test("typescript-app - calls with types, keeps a request, reads its story, gets a typed error", async (t) => {
  const lines = await linesOf(process.execPath, "typescript-app/app.ts");
  t.diagnostic(lines.join(" · "));
  const [price, ticket, request, work, ...rest] = lines;
  assert.equal(price, "1.2 kg: 5.90 euros, 3 days");
  assert.match(ticket ?? "", /^local\.x\.ticket-\d+: (complaint|praise), said (model|words)$/);
  assert.match(request ?? "", /^#\d+ dspex\.request\.submitted\.v1$/);
  assert.match(work ?? "", /^#\d+ dspex\.work\.dispatched\.v1$/);
  assert.match(rest.at(-2) ?? "", /^#\d+ dspex\.result\.stored\.v1$/);
  assert.match(rest.at(-1) ?? "", /^invalid_inputs: inputs\.weightGrams: expected int/);
});

test("python-app - calls, follows a stream, judges, gets a typed error", async (t) => {
  const lines = await linesOf(python, "python-app/app.py");
  t.diagnostic(lines.join(" · "));
  assert.match(lines[0] ?? "", /^sentiment: (positive|negative)$/);
  assert.ok((lines[1] ?? "").length > 20, "the stream is the summary");
  assert.match(lines.at(-2) ?? "", /^succeeded by (plain|predict|extractive), \d+ tokens$/);
  assert.equal(lines.at(-1), "invalid_inputs at inputs.text");
});

test("own-module - a Python function and a DSPy module answer TypeScript with types", async (t) => {
  const lines = await linesOf(process.execPath, "own-module/app.ts");
  t.diagnostic(lines.join(" · "));
  assert.equal(lines[0], "6 words, the longest is not");
  assert.match(lines[1] ?? "", /^\S.* in [236] days$/);
});
