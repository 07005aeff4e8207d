// The README's first five minutes and the other pages' commands, as they stand: their files are saved, their commands
// run in one shell after the other against one real system.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { type DocBlock, docBlocks, ROOT } from "../kit/doc-blocks.ts";
import { type RunningSystem, startSystem } from "./running-system.ts";

const pages = [
  "README.md",
  "docs/getting-started.md",
  "docs/native-modules.md",
  "docs/streaming.md",
  "docs/wire.md",
  "docs/operations.md",
  "docs/pipelines.md",
];
const blocks = pages.flatMap(docBlocks);
/** Where the reader's own files go, and whose `npx dspex` is this repository's. */
const folder = mkdtempSync(join(tmpdir(), "dspex-readme-"));
const toolFolders = [join(ROOT, "node_modules/.bin"), join(homedir(), "go/bin")];
const path = [...toolFolders, process.env.PATH ?? ""].join(delimiter);
const hasNats = path.split(delimiter).some((one) => existsSync(join(one, "nats")));

let system: RunningSystem;

before(async () => {
  saveFiles();
  system = await startSystem({ arguments: ["--config", join(folder, "dspex.config.ts")] });
});
after(async () => {
  await system?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The reader's folder: the README's files, and the application that `npm start` runs with them. */
function saveFiles(): void {
  for (const { marker, text } of blocks) {
    const name = /^file (\S+)$/.exec(marker)?.[1];
    if (name === undefined) continue;
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const shipped = JSON.stringify(join(ROOT, "dspex.config.ts"));
  writeFileSync(
    join(folder, "dspex.config.ts"),
    `import shipped from ${shipped};\n` +
      `export default { ...shipped, settings: { ...shipped.settings, modules: ["python-modules"] } };\n`,
  );
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  // As after \`npm install <this repository>\`: \`dspex\` is a package, and npx finds its command.
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(ROOT, join(folder, "node_modules/dspex"));
  symlinkSync(join(ROOT, "services/app/cli/bin.mjs"), join(folder, "node_modules/.bin/dspex"));
  symlinkSync(process.execPath, join(folder, "node_modules/.bin/node"));
  // What the reader's clone has beside them.
  symlinkSync(join(ROOT, "scripts"), join(folder, "scripts"));
}

for (const block of blocks.filter(({ marker }) => marker.startsWith("run"))) {
  const title = block.text.trim().split("\n").at(-1) ?? "";
  test(`${block.page}:${block.line} - ${title}`, async (t) => {
    if (block.marker === "run with nats" && !hasNats) return t.diagnostic("no nats command here: left out");
    const seconds = /^run for (\d+) seconds$/.exec(block.marker)?.[1];
    const { exitCode, output } = await runShell(block, seconds === undefined ? undefined : Number(seconds));
    t.diagnostic(output.trim().replaceAll(/\n+/g, " · ").slice(0, 1_500));
    // A shell that is interrupted may say so by its exit code, or end by the signal itself.
    const expected = seconds === undefined ? [0] : [0, 130, null];
    assert.ok(expected.includes(exitCode), `exit code ${exitCode}: ${block.text}\n${output}`);
    assert.notEqual(output.trim(), "");
  });
}

test("the pages - what they ask of models and functions is answered", async () => {
  const { out } = await system.dspex(["log", "--type", "result", "--tail", "100", "--json"]);
  const results = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).data);
  assert.deepEqual([...new Set(results.map(({ status }) => status))], ["succeeded"]);
  const programs = new Set(results.map(({ program }) => program));
  for (const program of ["echo", "answer", "sentiment", "delivery"])
    assert.ok(programs.has(program), program);
});

/** One block, stopped at the first command that fails; where it would go on, interrupted `seconds` after its first words. */
function runShell(
  { text }: DocBlock,
  seconds: number | undefined,
): Promise<{ exitCode: number | null; output: string }> {
  const {
    NATS_URL: _url,
    NATS_USER: _user,
    NATS_PASSWORD: _password,
    BASH_ENV: _start,
    ...rest
  } = process.env;
  const env = { ...rest, DSPEX_HOME: system.home, PATH: path, NO_COLOR: "1" };
  const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
    cwd: folder,
    env,
    detached: true,
    // From a socket bash would take itself to be a remote shell.
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let interrupt: NodeJS.Timeout | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
      if (seconds !== undefined)
        interrupt ??= setTimeout(() => process.kill(-(child.pid as number), "SIGINT"), seconds * 1_000);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => {
      clearTimeout(interrupt);
      resolve({ exitCode, output });
    });
  });
}
