// What docker-compose.yml starts, started by hand on this machine: its command lines, with the addresses and folders
// of the containers replaced by ours. What a container engine adds is not tried.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../services/app/model-server.ts";
import { findNatsServer } from "../../services/broker/mod.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { type ComposeService, readCompose } from "../kit/compose-file.ts";
import { ROOT } from "../kit/doc-blocks.ts";
import { eventually } from "./running-system.ts";

const READY_DEADLINE_MS = 120_000;

test("docker-compose.yml - its processes serve together, and stop when they are told to", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dspex-compose-"));
  const children = new Map<string, ChildProcess>();
  let output = "";
  const home = join(folder, "home");
  const port = await freePort();
  const { services } = readCompose();

  /** The service's own words, with what only exists in its container replaced. */
  const here = (word: string, name: string) =>
    word
      .replaceAll("$$", "$")
      .replaceAll("nats://nats:4222", `nats://127.0.0.1:${port}`)
      .replaceAll("/home-of-dspex", home)
      .replaceAll("/tmp/ready", readyFile(name))
      .replaceAll("0.0.0.0", "127.0.0.1")
      .replaceAll("/data", join(folder, "data"));
  const readyFile = (name: string) => join(folder, `${name}.ready`);
  const commandLine = (name: string): [string, string[]] => {
    const { entrypoint = [], command = [] } = services[name] as ComposeService;
    const [program = "", ...rest] = [...entrypoint, ...command].map((word) => here(word, name));
    return [program === "node" ? process.execPath : program, rest];
  };
  const env = {
    ...process.env,
    DSPEX_HOME: home,
    DSPEX_CONFIG: writeConfig(folder),
    // The containers' Node is the image's.
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
  };
  const start = (name: string, program: string, words: string[]): void => {
    const child = spawn(program, words, {
      cwd: ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    children.set(name, child);
  };
  const isReady = (name: string) =>
    existsSync(readyFile(name)) && /ready/.test(readFileSync(readyFile(name), "utf8"));
  const startPart = async (name: string): Promise<void> => {
    start(name, ...commandLine(name));
    await eventually(`${name} is ready`, () => isReady(name), READY_DEADLINE_MS).catch((error) => {
      throw new Error(`${error.message}; it said:\n${output}`);
    });
  };

  try {
    const [program, words] = commandLine("config");
    execFileSync(program, [...words, "--port", String(port), "--monitor-port", String(await freePort())], {
      cwd: ROOT,
      env,
    });
    start(
      "nats",
      findNatsServer(),
      (services.nats?.command ?? []).map((word) => here(word, "nats")),
    );
    await startPart("keeper");
    const parts = Object.entries(services).flatMap(([name, { command }]) =>
      command?.[0] === "--parts" && name !== "keeper" ? [name] : [],
    );
    await Promise.all(parts.map(startPart));

    const variables = { NATS_URL: `nats://127.0.0.1:${port}` };
    const dspex = (...line: string[]) => runDspex(line, { home, variables });
    assert.equal((await dspex("call", "echo", "text=native")).out, "native\n");
    assert.equal((await dspex("call", "echo-python", "text=python")).out, "python\n");
    const doctor = await dspex("doctor");
    assert.equal(doctor.exitCode, 0, doctor.out);

    const begun = performance.now();
    for (const name of [...parts, "keeper"]) children.get(name)?.kill("SIGTERM");
    const codes = await Promise.all(
      [...parts, "keeper"].map(async (name) => [name, await exitCode(children.get(name))]),
    );
    assert.deepEqual(
      Object.fromEntries(codes),
      Object.fromEntries([...parts, "keeper"].map((name) => [name, 0])),
    );
    t.diagnostic(`stopped in ${Math.round(performance.now() - begun)} ms`);
  } finally {
    for (const child of children.values()) child.kill("SIGTERM");
    await Promise.all([...children.values()].map(exitCode));
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What ships, without the embedded model: this is about processes, not about answers. */
function writeConfig(folder: string): string {
  const path = join(folder, "application", "dspex.config.ts");
  mkdirSync(join(folder, "application"));
  writeFileSync(
    path,
    `import shipped from ${JSON.stringify(join(ROOT, "dspex.config.ts"))};\n` +
      `export default { ...shipped, settings: { ...shipped.settings, modules: [], embeddedModel: false } };\n`,
  );
  return path;
}

async function exitCode(child: ChildProcess | undefined): Promise<number | null> {
  if (child === undefined) return null;
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}
