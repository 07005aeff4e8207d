// One program's data set through the running system: every sentence to every implementation alone, then a stream of
// sentences for which the router chooses.

import { exact } from "../../examples/datasets/exact.ts";
import { type DatasetName, type Labelled, readDataset } from "../../examples/datasets/read.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";
import { thriftShare, timeShare } from "../../services/learning/statistics/shares.ts";
import { chance } from "../routing/chance.ts";
import { aloneId, askEach, askFreely, freeId } from "./ask.ts";
import type { Free } from "./compare.ts";
import type { Answered } from "./read-log.ts";
import type { Trace } from "./traces.ts";

const SEED = 2_026;

export interface Plan {
  program: DatasetName;
  /** In declared order. */
  arms: readonly string[];
  /** Held-out sentences, which no prompt, word list or demonstration was made from. */
  rows: readonly Labelled[];
  /** Indexes of `rows`: each as often as any other, in an order that a seed has shuffled. */
  stream: readonly number[];
}

export async function planFor(dspex: Dspex, program: DatasetName, sizes: { rows: number; requests: number }) {
  const { implementations } = await dspex.describe(program);
  const rows = readDataset(program, "heldout").slice(0, sizes.rows);
  const plan: Plan = {
    program,
    arms: implementations.map(({ name }) => name),
    rows,
    stream: shuffledRounds(rows.length, sizes.requests),
  };
  return plan;
}

/** Says what it does: with a real model it takes minutes. */
export async function ask(dspex: Dspex, { program, arms, rows, stream }: Plan): Promise<void> {
  console.log(`${program}: ${rows.length} sentences to each of ${arms.length} implementations …`);
  await askEach({ dspex, program, rows }, arms);
  console.log(`${program}: ${stream.length} requests, the router chooses …`);
  await askFreely({ dspex, program, rows: stream.map((at) => rows[at] as Labelled) });
}

export interface Alone extends Trace {
  tokens: number;
}

/** By implementation in declared order: what it said to each sentence. */
export function readAlone({ program, arms, rows }: Plan, answered: ReadonlyMap<string, Answered>) {
  return new Map(
    arms.map((arm): [string, Alone[]] => [
      arm,
      rows.map((row, at) => {
        const answer = found(answered, aloneId(program, arm, at));
        const { inputTokens, outputTokens } = answer.usage;
        const right = exact(row, answer.outputs);
        return { ...judged(answer, right), tokens: inputTokens + outputTokens };
      }),
    ]),
  );
}

export interface Chosen extends Free {
  answer: Answered;
}

/** In the order in which they were asked; quality is what the log has as feedback. */
export function readFree({ program, stream }: Plan, answered: ReadonlyMap<string, Answered>): Chosen[] {
  return stream.map((row, at) => {
    const answer = found(answered, freeId(program, at));
    const { right, reward } = judged(answer, answer.score ?? 0);
    // A fallback has a decision of its own: what was chosen first is what the first attempt was.
    const chosen = answer.attempts[0]?.implementation ?? answer.decision?.chosen ?? "";
    return { row, chosen, right, reward, answer };
  });
}

/** The reward is as the router's own statistics count it, without a preference and without a deadline. */
function judged({ status, timings, usage }: Answered, right: number): Trace {
  const success = status === "succeeded";
  const latencyMs = timings.totalMs;
  const inTime = timeShare(latencyMs, undefined);
  const thrift = thriftShare(usage);
  const reward = success ? BALANCED.quality * right + BALANCED.time * inTime + BALANCED.cost * thrift : 0;
  return { success, latencyMs, inTime, thrift, right, reward };
}

function found(answered: ReadonlyMap<string, Answered>, key: string): Answered {
  const answer = answered.get(key);
  if (answer === undefined) throw new Error(`the log has no result of ${key}`);
  return answer;
}

function shuffledRounds(rows: number, requests: number): number[] {
  const rounds = Array.from({ length: Math.ceil(requests / rows) }, (_, round) =>
    Array.from({ length: rows }, (_, at) => ({ at, key: chance(SEED, round, at) }))
      .sort((one, other) => one.key - other.key)
      .map(({ at }) => at),
  );
  return rounds.flat().slice(0, requests);
}
