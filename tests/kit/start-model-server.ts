// The embedded model's real server, for tests of what a model really says.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Model, modelSchema } from "../../schemas/config/models.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface TestModelServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly model: Model;
}

export async function startModelServer(): Promise<TestModelServer> {
  const child = spawn(`${ROOT}.venv/bin/python`, ["-m", "dspex_pool.neural.model_server", "--port", "0"], {
    cwd: `${ROOT}python-pools`,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(() => ["{}"]),
  ])) as [string];
  const ready: { ready?: boolean; baseUrl?: string } = JSON.parse(line);
  if (ready.ready !== true || ready.baseUrl === undefined) throw new Error(`the model server said ${line}`);
  return {
    baseUrl: ready.baseUrl,
    model: modelSchema.parse({
      model: "smollm2",
      baseUrl: ready.baseUrl,
      capabilities: { responseSchema: true, logprobs: true },
      contextTokens: 2_048,
      cacheSlots: 4,
    }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
