// What streams: the system with the programs of `streaming.config.ts` on a real server, a model that says what a test tells
// it to, and the TypeScript worker, in this process or in one of its own that can be killed.

import type { Part } from "../../services/bus/part.ts";
import type { Dspex, Run, StreamChunk } from "../../services/client/mod.ts";
import { startNative } from "../../services/native/main.ts";
import { type Child, startChild } from "./child-process.ts";
import { fakeLlama } from "./fake-llama.ts";
import { type FakeModelServer, says, startFakeModelServer } from "./fake-model-server.ts";
import { type SystemOptions, startSystem, type TestSystem } from "./start-system.ts";
import type { Steps } from "./steps.ts";
import config from "./streaming.config.ts";
import type { StreamingProcessSettings } from "./streaming-process.ts";

export interface StreamingStage extends AsyncDisposable {
  readonly system: TestSystem;
  readonly model: FakeModelServer;
  readonly client: Dspex;
  /** The worker, or another gateway, in a process of its own. */
  startProcess(part: StreamingProcessSettings["part"], instance?: number): Promise<Child>;
  process(part: StreamingProcessSettings["part"], instance: number): Child;
  /** A run of `tell` whose model says these words: so many ms apart, or step by step. */
  tell(words: readonly string[], pace?: number | Steps): Promise<Run<Record<string, unknown>>>;
}

export interface StageOptions extends SystemOptions {
  /** False: no worker in this process. */
  worker?: boolean;
}

export const WORDS = wordsOf(40);
export const STORY = WORDS.join("").trim();

export function wordsOf(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `word${n} `);
}

export async function startStreamingStage(options: StageOptions = {}): Promise<StreamingStage> {
  const llama = fakeLlama({
    vocabulary: [" good", " bad"],
    likelihoods: () => ({ " good": 0.8, " bad": 0.2 }),
  });
  const model = await startFakeModelServer(says("{}"), llama.endpoints);
  const system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    ...options,
  });
  const held = { responseSchema: true, tools: false, vision: false, logprobs: false };
  const models = { default: "fake", models: { fake: model.model({ capabilities: held }) } };
  const children = new Map<string, Child>();
  let worker: Part | undefined;
  if (options.worker !== false) worker = await startNative(system.settings("native"), { models, slots: 8 });
  const client = await system.client();
  return {
    system,
    model,
    client,
    async startProcess(part, instance = 1) {
      const { natsUrl, password } = system.settings(part);
      const settings: StreamingProcessSettings = { part, instance, natsUrl, password, models };
      const entry = new URL("./streaming-process.ts", import.meta.url);
      const child = await startChild(`${part}/${instance}`, { entry, settings });
      children.set(child.name, child);
      return child;
    },
    process: (part, instance) => children.get(`${part}/${instance}`) as Child,
    tell(words, pace = 0) {
      model.next(says([...words], typeof pace === "number" ? { gapMs: pace } : { before: pace.pass }));
      return client.program("tell").submit({ topic: "rain" }, { stream: true });
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...children.values()].map((child) => child.kill9()));
      await worker?.stop();
      await system[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

export function collect(chunks: AsyncIterable<StreamChunk>): Promise<StreamChunk[]> {
  return Array.fromAsync(chunks);
}

/** What a reader has of an output at the end. */
export function textOf(chunks: readonly StreamChunk[], field: string): string {
  const from = chunks.findLastIndex(({ restarted }) => restarted === true);
  return chunks
    .slice(Math.max(from, 0))
    .filter((chunk) => chunk.field === field)
    .map(({ text }) => text)
    .join("");
}
