// Runs a real Jaeger for a developer, built once from its Go module: OTLP over HTTP in, traces kept in memory, its
// HTTP API out.
//
//   npm run jaeger                  and then: dspex up --otlp-endpoint http://127.0.0.1:4318
//   npm run jaeger -- --otlp-port 4418 --query-port 16786
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const VERSION = "v2.13.0";
/** The Go module counts otherwise than the product. */
const MODULE_VERSION = "v1.76.0";
const PACKAGE = "github.com/jaegertracing/jaeger";
const READY_DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 100;

const folder = join(import.meta.dirname, "../tools/jaeger");
const binary = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "dspex",
  `jaeger-${MODULE_VERSION}`,
);
const { values: ports } = parseArgs({
  options: {
    "otlp-port": { type: "string", default: "4318" },
    "query-port": { type: "string", default: "16686" },
  },
});

if (existsSync(binary) || build()) await run();

/** False where it could not be built; what was wrong is on standard error by then. */
function build(): boolean {
  console.error(`building Jaeger ${VERSION}, once: some six minutes on two cores …`);
  mkdirSync(dirname(binary), { recursive: true });
  // A build that is interrupted leaves nothing that looks finished.
  const unfinished = `${binary}.${process.pid}`;
  const version = `-X ${PACKAGE}/internal/version.latestVersion=${VERSION}`;
  const { status, error } = spawnSync(
    process.env.GO ?? "go",
    [
      "build",
      "-mod=readonly",
      "-trimpath",
      "-ldflags",
      `-s -w ${version}`,
      "-o",
      unfinished,
      `${PACKAGE}/cmd/jaeger`,
    ],
    { cwd: folder, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, CGO_ENABLED: "0" } },
  );
  if (status === 0) {
    renameSync(unfinished, binary);
    return true;
  }
  console.error(
    error === undefined ? "Jaeger was not built" : `Go 1.24 or later is needed: ${error.message}`,
  );
  process.exitCode = 1;
  return false;
}

async function run(): Promise<void> {
  const { "otlp-port": otlpPort, "query-port": queryPort } = ports;
  const child = spawn(binary, ["--config", `file:${join(folder, "jaeger.yaml")}`], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, JAEGER_OTLP_PORT: otlpPort, JAEGER_QUERY_PORT: queryPort },
  });
  const exited = once(child, "exit");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => child.kill(signal));
  const api = `http://127.0.0.1:${queryPort}/api`;
  if (await isReady(`${api}/services`, () => child.exitCode !== null || child.signalCode !== null)) {
    console.log(`jaeger ${VERSION} answers at ${api}/traces/<trace id>
dspex up --otlp-endpoint http://127.0.0.1:${otlpPort}`);
  } else {
    console.error("jaeger does not answer");
    process.exitCode = 1;
    child.kill();
  }
  await exited;
}

async function isReady(url: string, hasEnded: () => boolean): Promise<boolean> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadline && !hasEnded()) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return true;
    await pause(LOOK_EVERY_MS);
  }
  return false;
}
