// docs/evaluation.md, as it stands: its program runs on two real routers, its commands on the log that they wrote.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { docBlocks, ROOT, regionOf } from "../kit/doc-blocks.ts";
import config, { MOODS } from "../kit/mood.config.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const PAGE = "docs/evaluation.md";
const REQUESTS = 400;
const AT_ONCE = 40;

const blocks = docBlocks(PAGE);
/** Where the page's files go, and where `npx dspex` is this repository's. */
const folder = mkdtempSync(join(tmpdir(), "dspex-evaluation-"));
let system: TestSystem;

before(async () => {
  const { declarations: programs, functions } = config;
  system = await startSystem({ programs, functions, routers: 2 });
  await traffic();
  for (const { marker, text } of blocks) {
    const name = /^file (\S+)$/.exec(marker)?.[1];
    if (name !== undefined) writeFileSync(join(folder, name), text);
  }
  // As after `npm install <this repository>`: npx finds its command.
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(join(ROOT, "services/app/cli/bin.mjs"), join(folder, "node_modules/.bin/dspex"));
});
after(async () => {
  await system?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Three of five answers are scored. */
async function traffic(): Promise<void> {
  const client = await system.client();
  const mood = client.program("mood");
  const one = async (n: number): Promise<void> => {
    const [text, right] = MOODS[n % MOODS.length] ?? ["", "good"];
    const run = await mood.submit({ text: n % 3 === 0 ? `${text}!` : text });
    const { status, outputs } = await run.result();
    assert.equal(status, "succeeded");
    if (n % 5 < 3) await run.feedback(outputs?.mood === right ? 1 : 0);
  };
  for (let from = 0; from < REQUESTS; from += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => one(from + at)));
}

function runShell(text: string): Promise<{ exitCode: number | null; output: string }> {
  const { NATS_URL: _url, NATS_USER: _user, NATS_PASSWORD: _password, ...rest } = process.env;
  const PATH = [join(ROOT, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
    cwd: folder,
    env: { ...rest, DSPEX_HOME: system.nats.home, PATH, NO_COLOR: "1" },
    // From a socket bash would take itself to be a remote shell.
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, output }));
  });
}

test("the page - shows the program that runs", () => {
  const [block] = blocks;
  assert.equal(block?.marker, "region mood of tests/kit/mood.config.ts");
  assert.equal(block.text, regionOf("tests/kit/mood.config.ts", "mood"));
});

test("the page - says of each block how it is held true", () => {
  const silent = blocks.filter(({ marker }) => !/^(run|file \S+|region \S+ of \S+)$/.test(marker));
  assert.deepEqual(silent, []);
});

for (const { marker, line, text } of blocks) {
  if (marker !== "run") continue;
  test(`${PAGE}:${line} - ${text.trim().split("\n").at(-1)}`, async (t) => {
    const { exitCode, output } = await runShell(text);
    t.diagnostic(output.trim().replaceAll(/\n+/g, " · ").slice(0, 1_200));
    assert.equal(exitCode, 0, output);
    if (text.includes("--verify")) {
      assert.match(output, /every decision that can be taken again comes out the same/);
    } else if (text.includes("--json")) {
      const { all } = JSON.parse(output) as { all: { decisions: number } };
      assert.equal(all.decisions, REQUESTS);
    } else {
      assert.match(output, /^mood +\d+ .* (better|worse|the same|cannot tell)$/m);
    }
    if (text.includes("--to 300")) assert.match(output, /the data cannot tell/);
  });
}
