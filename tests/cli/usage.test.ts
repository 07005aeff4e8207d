import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadCommands } from "../../services/app/cli/commands.ts";
import { Terminal } from "../../services/app/cli/terminal.ts";
import { readEnvironment } from "../../services/app/config.ts";
import { runDspex } from "./run-dspex.ts";

const home = `${tmpdir()}/dspex-no-home`;
const bin = fileURLToPath(new URL("../../services/app/cli/bin.mjs", import.meta.url));
const context = {
  terminal: new Terminal(),
  environment: readEnvironment({}),
  interrupted: new AbortController().signal,
  ended: new AbortController().signal,
};

test("dspex --help - lists every command and the exit codes", async () => {
  const { exitCode, out } = await runDspex(["--help"], { home });
  assert.equal(exitCode, 0);
  for (const word of ["up", "call", "log", "replay", "doctor", "Exit codes: 0 done"])
    assert.ok(out.includes(word), word);
});

for (const command of await loadCommands([], context)) {
  test(`dspex ${command.name()} --help - has a description and an example`, async () => {
    const { exitCode, out } = await runDspex([command.name(), "--help"], { home });
    assert.equal(exitCode, 0);
    assert.match(out, /Examples?:\n {2}\S/);
    assert.ok(command.description().endsWith("."));
  });
}

for (const commandLine of [
  ["nope"],
  ["call"],
  ["call", "answer", "--priority", "high"],
  ["call", "answer", "--deadline", "soon"],
  ["call", "answer", "--prefer", "beauty"],
  ["feedback", "local.x.a", "2"],
  ["up", "--port", "99999"],
  ["up", "--sync", "sometimes"],
  ["up", "--sampling", "2"],
  ["replay", "--service", "nope"],
  ["log", "--unknown-option"],
]) {
  test(`dspex ${commandLine.join(" ")} - is a usage error`, async () => {
    const { exitCode, out, err } = await runDspex(commandLine, { home });
    assert.equal(exitCode, 2);
    assert.equal(out, "");
    assert.match(err, /error: /);
  });
}

test("an environment variable that does not fit - is named", async () => {
  const { exitCode, err } = await runDspex(["env"], { home, variables: { DSPEX_LOG_LEVEL: "loud" } });
  assert.equal(exitCode, 2);
  assert.match(err, /DSPEX_LOG_LEVEL/);
});

test("colours - only at a terminal, and never with NO_COLOR", () => {
  const output = { write: () => {}, isTTY: true };
  assert.equal(new Terminal({ output, variables: {} }).coloured, true);
  assert.equal(new Terminal({ output, variables: { NO_COLOR: "1" } }).coloured, false);
  assert.equal(new Terminal({ output: { write: () => {} }, variables: {} }).coloured, false);
});

test("bin.mjs - runs as a program, and a reader that goes away ends it quietly", () => {
  const help = spawnSync(process.execPath, [bin, "--help"], { encoding: "utf8" });
  assert.equal(help.status, 0);
  assert.match(help.stdout, /^Usage: dspex/);
  const piped = spawnSync("sh", ["-c", `"${process.execPath}" "${bin}" --help | head -1`], {
    encoding: "utf8",
  });
  assert.equal(piped.stdout.trim(), "Usage: dspex [options] [command]");
  assert.equal(piped.stderr, "");
});
