// Given a version that is tried beside the one in use, which requests go to it, and what of it the decisions say.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DspexError } from "../../schemas/errors.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { definitionOf } from "../programs/definition.ts";
import { type AttemptOrder, decideRequest, type RouterAbilities } from "./decide.ts";
import { decideFailure } from "./decide-failure.ts";
import { evolve } from "./evolve.ts";
import { readIntake } from "./intake.ts";
import { initialState, openRequest, type RouterState, stateFromJson, stateToJson } from "./state.ts";

const rules: Implementation = { kind: "native", name: "rules", inline: true };
const predict: Implementation = { kind: "dspy", name: "predict", pool: "general", module: "Predict" };
const optimized: Implementation = { kind: "native", name: "optimized", inline: true };
const definition = (implementations: Implementation[]) =>
  definitionOf({ name: "p", signature: "text: str -> mood: str", implementations });
const BASE = definition([rules, predict]);
const NEW = definition([optimized, rules, predict]);
const SHARE = 0.2;
const ALL: RouterAbilities = { isLogFull: () => false, hasFunction: () => true };

let sequence = 0;
const at = () => ({ sequence: ++sequence, timeMs: sequence });
function registered(state: RouterState, of: ProgramDefinition): RouterState {
  return evolve(state, { kind: "program-registered", ...at(), definition: of });
}
function tried(state: RouterState, of = NEW, base = BASE.version, share = SHARE): RouterState {
  const canary = { definition: of, base, share, maxOutcomes: 10, by: "local" };
  return evolve(state, { kind: "canary-started", ...at(), canary });
}
const start = () => tried(registered(initialState(), BASE));

function intake(n: number, headers: Record<string, string> = {}) {
  return readIntake("local", "p", {
    sequence: 1_000 + n,
    timeMs: 1_000,
    data: Buffer.from('{"text": "fine"}'),
    header: (name) => ({ "Dspex-Id": `local.c.${n}`, ...headers })[name],
  });
}
function decide(state: RouterState, n: number, headers = {}, abilities = ALL): AttemptOrder {
  const action = decideRequest(state, intake(n, headers), {}, abilities);
  assert.ok(action.kind === "attempt", (action as { error?: DspexError }).error?.message);
  return action.order;
}
interface Feature {
  version: string;
  share: number;
  taken: boolean;
  arms: string[];
}
const feature = ({ decision }: AttemptOrder) => decision.features.canary as Feature | undefined;

test("a canary - gets its share of the requests, of its new implementations alone", () => {
  const state = start();
  const orders = Array.from({ length: 2_000 }, (_, n) => decide(state, n + 1));
  const taken = orders.filter((order) => feature(order)?.taken);
  assert.ok(Math.abs(taken.length / orders.length - SHARE) < 0.03, `${taken.length} of ${orders.length}`);
  for (const order of orders) {
    const { version, share, taken: isTaken, arms } = feature(order) as Feature;
    assert.deepEqual([version, share, arms], [NEW.version, SHARE, ["optimized"]]);
    assert.equal(order.definition.version, isTaken ? NEW.version : BASE.version);
    assert.equal(order.implementation.name === "optimized", isTaken);
    const sum = order.decision.candidates.reduce((all, { probability }) => all + probability, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9, "what is recorded are the chances among those of its version");
  }
});

test("a canary - the same request goes the same way, also after the state was a snapshot", () => {
  const state = start();
  const after = stateFromJson(JSON.parse(JSON.stringify(stateToJson(state))));
  for (let n = 1; n < 100; n++) assert.deepEqual(decide(after, n).decision, decide(state, n).decision);
});

test("a canary - what fails there is answered by the version in use, and not tried again", () => {
  const state = start();
  const n = Array.from({ length: 100 }, (_, at) => at + 1).find((one) => feature(decide(state, one))?.taken);
  const order = decide(state, n as number);
  assert.deepEqual(order.plan.map(({ step, implementation }) => `${step} ${implementation}`).sort(), [
    "fallback predict",
    "fallback rules",
  ]);
  const asked = intake(n as number);
  const failed = {
    id: asked.id,
    attempt: 1,
    implementation: "optimized",
    pool: "native",
    worker: "1",
    error: { code: "lm_timeout", message: "m", retryable: true },
    startedAt: "2026-01-01T00:00:00Z",
    durationMs: 1,
    plan: order.plan,
    decision: order.decision,
    requestSequence: asked.sequence,
    workSequence: 0,
  } as const;
  const open = openRequest({ ...asked, deadlineAtMs: 1e9 });
  const next = decideFailure(state, open, { ...failed, plan: [...order.plan] }, asked, {});
  assert.ok(next.kind === "attempt");
  assert.equal(next.order.definition.version, BASE.version);
});

test("a canary - requests that name a version or an implementation go where they say", () => {
  const state = start();
  for (let n = 1; n < 100; n++) {
    const named = decide(state, n, { "Dspex-Implementation": "rules" });
    assert.deepEqual([named.definition.version, feature(named)], [BASE.version, undefined]);
    const version = decide(state, n, { "Dspex-Version": NEW.version });
    assert.deepEqual([version.definition.version, feature(version)], [NEW.version, undefined]);
  }
});

test("a canary - that cannot take a request leaves it, and the decision says that it had no share", () => {
  const state = start();
  const without: RouterAbilities = { ...ALL, hasFunction: (_, name) => name !== "optimized" };
  for (let n = 1; n < 100; n++) {
    const order = decide(state, n, {}, without);
    assert.deepEqual(feature(order), { version: NEW.version, share: 0, taken: false, arms: [] });
  }
});

test("a canary - is over when another version comes into use, or it is withdrawn, and not when one is told again", () => {
  const isTried = (state: RouterState) => state.programs.get("p")?.canary !== undefined;
  const other = definition([predict]);
  assert.ok(isTried(registered(start(), BASE)));
  assert.ok(!isTried(registered(start(), NEW)));
  assert.ok(!isTried(registered(start(), other)));
  const chosen = (version: string) =>
    evolve(start(), { kind: "version-chosen", ...at(), name: "p", version });
  assert.ok(!isTried(chosen(NEW.version)) && isTried(chosen(BASE.version)));
  const withdrawn = (version: string) =>
    evolve(start(), { kind: "version-withdrawn", ...at(), name: "p", version });
  assert.ok(!isTried(withdrawn(NEW.version)) && isTried(withdrawn(other.version)));
  assert.ok(!isTried(tried(registered(start(), other))), "beside a version that is no longer in use");
  assert.ok(!isTried(tried(initialState())));
});

test("a canary - the version in use stays known however many were tried beside it", () => {
  let state = start();
  for (let n = 0; n < 100; n++)
    state = tried(state, definition([{ kind: "native", name: `new${n}`, inline: true }, rules]));
  assert.ok(state.programs.get("p")?.versions.has(BASE.version));
  assert.ok((state.programs.get("p")?.versions.size ?? 0) <= 32);
});
