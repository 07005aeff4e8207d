// Load from clients in processes of their own, which may be killed: a successor takes over what its predecessor had
// not finished. Keeps what all of them told.

import { type Child, startChild } from "./child-process.ts";
import type { LoadLine, LoadRequest, LoadSettings, Way } from "./load-process.ts";
import type { SeededRandom } from "./random.ts";
import type { TestNats } from "./start-nats.ts";

const LOAD = new URL("./load-process.ts", import.meta.url);

interface Told {
  id: string;
  acknowledged: boolean;
  result: Extract<LoadLine, { told: "result" }>["result"] | undefined;
}

/** What is asked, with how many parts of the whole. */
export type Mix = readonly (readonly [program: string, parts: number])[];

const WAYS: readonly Way[] = ["library", "library", "event", "bare", "submit", "call"];

/** Requests of a load, each with a key of its own, in bursts at the given moments. */
export function planLoad(
  random: SeededRandom,
  plan: { name: string; count: number; burstsAtMs: readonly number[]; mix: Mix },
): LoadRequest[] {
  const { name, count, burstsAtMs, mix } = plan;
  const programs = mix.flatMap(([program, parts]) => Array<string>(parts).fill(program));
  return Array.from({ length: count }, (_, n) => ({
    key: `${name}-${n}`,
    program: random.pick(programs),
    way: random.pick(WAYS),
    atMs: burstsAtMs[Math.floor((n * burstsAtMs.length) / count)] as number,
  }));
}

/** One client of the load, through all its lives. */
export class LoadClient {
  readonly name: string;
  readonly told = new Map<string, Told>();
  /** Lives so far. */
  lives = 0;
  readonly #nats: TestNats;
  readonly #requests: readonly LoadRequest[];
  readonly #finished = Promise.withResolvers<void>();
  #startedAt = 0;
  #isFinished = false;
  #child: Child | undefined;

  constructor(nats: TestNats, name: string, requests: readonly LoadRequest[]) {
    this.#nats = nats;
    this.name = name;
    this.#requests = requests;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }
  /** Every request of this client has its result. @throws what ended it otherwise. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async start(): Promise<this> {
    this.#startedAt = performance.now();
    await this.#live(this.#requests.map((request) => ({ ...request })));
    return this;
  }

  /** Kills it; its successor does what is left. */
  async kill9(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.kill9();
    const agedMs = performance.now() - this.#startedAt;
    const left = this.#requests.flatMap((request): LoadRequest[] => {
      const told = this.told.get(request.key);
      if (told?.result !== undefined) return [];
      const atMs = Math.max(0, request.atMs - agedMs);
      return [
        told === undefined
          ? { ...request, atMs }
          : { ...request, atMs, id: told.id, acknowledged: told.acknowledged },
      ];
    });
    await this.#live(left);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.kill9();
  }

  async #live(requests: LoadRequest[]): Promise<void> {
    const { user, password } = this.#nats.login("local");
    const settings: LoadSettings = { natsUrl: this.#nats.url, user, password, requests };
    const onLine = (line: unknown) => this.#hear(line as LoadLine);
    const child = await startChild(`${this.name}/${++this.lives}`, { entry: LOAD, settings, onLine });
    this.#child = child;
    void child.exited.then((exit) => {
      if (this.#child !== child) return;
      this.#finished.reject(new Error(`${child.name} ended with ${JSON.stringify(exit)}:\n${child.words}`));
    });
  }

  #hear(line: LoadLine): void {
    if (line.told === "finished") {
      this.#isFinished = true;
      this.#finished.resolve();
      return;
    }
    const told = this.told.get(line.key) ?? { id: line.id, acknowledged: false, result: undefined };
    // The library gives another id only to another request.
    if (told.id !== line.id) this.#finished.reject(new Error(`${line.key} is ${told.id} and ${line.id}`));
    if (line.told !== "sent") told.acknowledged = true;
    if (line.told === "result") told.result = line.result;
    this.told.set(line.key, told);
  }
}
