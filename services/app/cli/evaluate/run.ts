// `dspex replay --evaluate`: what another policy would have got on the log.
//
//   1 read registrations, failures, results, feedback  → decisions, what could be chosen, what came of it
//   2 where the policy learns: fold the log, ask it each decision from the statistics of that moment
//   3 estimate, by program and in all

import { FEEDBACK_FILTER, parseLogSubject, programRegistrations } from "../../../../schemas/subjects.ts";
import { JudgedDecisions } from "../../../learning/evaluate/judged.ts";
import { judgeWalk } from "../../../router/verify/policy-judge.ts";
import type { OperatorLog } from "../operator-log.ts";
import type { Window } from "../replay-points.ts";
import { readStretch } from "../replay-read.ts";
import { stateBefore } from "../replay-snapshot.ts";
import type { Terminal } from "../terminal.ts";
import { Gatherer } from "./gather.ts";
import type { EvaluatedPolicy } from "./policy.ts";
import type { EvaluationReport } from "./report.ts";

export interface EvaluateOptions {
  window: Window;
  program: string | undefined;
}

/** Point reads under way at once. */
const LOOKUPS = 64;

export async function evaluatePolicy(
  terminal: Terminal,
  log: OperatorLog,
  policy: EvaluatedPolicy,
  { window, program }: EvaluateOptions,
): Promise<EvaluationReport> {
  const startedAt = performance.now();
  const { from, to } = window;
  const gatherer = await gather(terminal, log, window, program);
  const { decisions, leftOut } = gatherer;
  const judged = new JudgedDecisions(decisions);
  const { target, weights, order } = policy;
  if (target.kind === "static") {
    for (let index = 0; index < decisions.length; index++)
      judged.set(index, target.policy(decisions.circumstances(index).arms));
  } else {
    const state = await stateBefore(log, window, decisions.stateSequences);
    const { settings } = target;
    const options = { settings, weights, headSequence: window.head, ...(state !== undefined && { state }) };
    const walk = judgeWalk(decisions, judged, options);
    const { fromSequence, toSequence } = walk;
    const stretch = { what: "evaluate", fromSequence: Math.max(fromSequence, window.head), toSequence };
    await readStretch(terminal, log, stretch, (message) => {
      // Requests and work change nothing of what is learned, and decisions recorded what was in flight.
      const { kind } = parseLogSubject(message.subject);
      if (kind !== "request" && kind !== "work") walk.take(message);
    });
    walk.end();
  }
  const known = decisions.armNames();
  return {
    policy: policy.title,
    weights,
    from,
    to,
    ...judged.evaluate(weights),
    leftOut: { ...leftOut, noState: judged.unknown },
    unknownImplementations: order.filter((name) => !known.has(name)),
    tookMs: performance.now() - startedAt,
  };
}

async function gather(
  terminal: Terminal,
  log: OperatorLog,
  { head, from, to }: Window,
  program: string | undefined,
): Promise<Gatherer> {
  const gatherer = new Gatherer(program);
  const read = (fromSequence: number, toSequence: number, filter?: string) => {
    const stretch = { what: "outcomes", fromSequence, toSequence, ...(filter !== undefined && { filter }) };
    return readStretch(terminal, log, stretch, (message) => gatherer.take(message));
  };
  await read(head, from - 1, programRegistrations());
  await read(from, to);
  await read(to + 1, await log.lastSequence(), FEEDBACK_FILTER);
  const { unresolved } = gatherer;
  for (let at = 0; at < unresolved.length; at += LOOKUPS) {
    await Promise.all(
      unresolved.slice(at, at + LOOKUPS).map(async (one) => {
        const message = await log.reader.at(one.decisionSequence);
        gatherer.resolve(one, message === null ? {} : (message.json() as { data: unknown }).data);
      }),
    );
  }
  return gatherer;
}
