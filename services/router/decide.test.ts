// Given a state, when a request comes, then this decision.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { definitionOf } from "../programs/definition.ts";
import { type AttemptOrder, decideRequest, type RouterAction } from "./decide.ts";
import { evolve } from "./evolve.ts";
import { readIntake } from "./intake.ts";
import { initialState, type RouterState } from "./state.ts";

const abilities = { hasFunction: () => true, isLogFull: () => false };

function stateWith(implementations: Implementation[], signature = "text: str -> label: bool"): RouterState {
  const definition = definitionOf({ name: "p", signature, implementations });
  return evolve(initialState(), { kind: "program-registered", sequence: 1, timeMs: 0, definition });
}

function ask(
  state: RouterState,
  inputs: unknown,
  {
    n = 1,
    headers = {},
    inFlight = {},
    has = abilities,
  }: {
    n?: number;
    headers?: Record<string, string>;
    inFlight?: Record<string, number>;
    has?: typeof abilities;
  } = {},
): RouterAction {
  const intake = readIntake("local", "p", {
    sequence: 1 + n,
    timeMs: 1_000,
    data: Buffer.from(stringifyJson(inputs)),
    header: (name) => ({ "Dspex-Id": `local.c.${n}`, ...headers })[name],
  });
  return decideRequest(state, intake, inFlight, has);
}

function order(action: RouterAction): AttemptOrder {
  assert.equal(action.kind, "attempt", action.kind === "fail" ? action.error.message : "");
  return (action as Extract<RouterAction, { kind: "attempt" }>).order;
}

function refusal(action: RouterAction) {
  assert.equal(action.kind, "fail");
  return (action as Extract<RouterAction, { kind: "fail" }>).error;
}

const structured: Implementation = { kind: "structured", name: "structured" };
const lexicon: Implementation = { kind: "native", name: "lexicon" };
const predict: Implementation = { kind: "dspy", name: "predict", pool: "general", module: "Predict" };

test("decide - a decision has every candidate with its probability, and where its outcome belongs", () => {
  const state = stateWith([structured, lexicon, predict]);
  const { decision, plan } = order(ask(state, { text: "fine" }, { inFlight: { general: 4 } }));
  assert.equal(decision.candidates.length, 3);
  const total = decision.candidates.reduce((sum, { probability }) => sum + probability, 0);
  assert.ok(Math.abs(total - 1) < 1e-12);
  const { place, program, rule } = decision.features as { place: object; program: string; rule: string };
  assert.deepEqual([program, rule, decision.policyVersion], ["p", "thompson/1", "0"]);
  assert.deepEqual(Object.keys(place), ["arm", "task", "length", "load"]);
  assert.deepEqual(decision.inFlight, { general: 4 });
  assert.ok(plan.every(({ implementation }) => implementation !== "unknown"));
});

test("decide - the same request is decided alike, and another one may be decided otherwise", () => {
  const state = stateWith([structured, lexicon, predict]);
  const chosen = (n: number) => order(ask(state, { text: "fine" }, { n })).implementation.name;
  assert.equal(chosen(3), chosen(3));
  assert.ok(new Set(Array.from({ length: 50 }, (_, n) => chosen(n + 1))).size > 1);
});

test("decide - failures of an implementation count at the next decision", () => {
  const state = stateWith([structured, predict]);
  const before = order(ask(state, { text: "fine" }));
  const share = ({ decision }: AttemptOrder, name: string) =>
    decision.candidates.find(({ implementation }) => implementation === name)?.probability ?? 0;
  for (let n = 1; n <= 20; n++) {
    const { decision } = order(
      ask(state, { text: "fine" }, { n, headers: { "Dspex-Implementation": "predict" } }),
    );
    const { pinned: _pinned, ...features } = decision.features;
    const learned = {
      kind: "outcome" as const,
      sequence: n + 1,
      place: {
        program: "p",
        ...(features.place as { arm: string; task: string; length: number; load: number }),
      },
      outcome: { success: false, inTime: 0, thrift: 0 },
    };
    evolve(state, { kind: "result", sequence: n + 1, timeMs: n, id: `local.z.${n}`, learned });
  }
  assert.ok(share(before, "predict") > 0.2);
  assert.ok(share(order(ask(state, { text: "fine" }, { n: 99 })), "predict") < 0.1);
});

test("decide - a named implementation is the only candidate, and its outcome no sample of the policy", () => {
  const state = stateWith([structured, lexicon]);
  const { decision } = order(ask(state, { text: "x" }, { headers: { "Dspex-Implementation": "lexicon" } }));
  assert.deepEqual(
    decision.candidates.map(({ eligible, probability }) => [eligible, probability]),
    [
      [false, 0],
      [true, 1],
    ],
  );
  assert.equal(decision.features.pinned, true);
});

test("decide - what an implementation lacks is told when none is left", () => {
  const small: Implementation = { ...structured, capabilities: { contextTokens: 100 } };
  const english: Implementation = { ...predict, capabilities: { languages: ["en"] } };
  const state = stateWith([small, english]);
  const text = "это предложение написано по-русски и повторяется много раз подряд ".repeat(40);
  const error = refusal(ask(state, { text }));
  assert.equal(error.code, "no_capable_implementation");
  assert.match(
    error.message,
    /structured: reads 100 tokens, the inputs have \d+ at least; predict: does not understand "ru"/,
  );
  assert.equal(
    order(ask(state, { text: "short" })).decision.candidates.every(({ eligible }) => eligible),
    true,
  );
});

test("decide - images go to nobody who takes none", () => {
  const blind: Implementation = { ...structured, capabilities: { vision: false } };
  const seeing: Implementation = { ...predict, capabilities: { vision: true } };
  const state = stateWith([blind, seeing], "picture: dspy.Image -> label: bool");
  const inputs = { picture: { $image: { url: "https://example.com/cat.png" } } };
  assert.equal(order(ask(state, inputs)).implementation.name, "predict");
});

test("decide - a budget that the inputs alone exceed", () => {
  const dear: Implementation = { ...structured, capabilities: { inputPerMillionUsd: 10 } };
  const state = stateWith([dear]);
  const headers = { "Dspex-Budget": '{"usd":0.000001}' };
  const error = refusal(ask(state, { text: "many words ".repeat(100) }, { headers }));
  assert.match(error.message, /structured: costs 0.00\d+ USD at least, the budget is 0.000001/);
});

test("decide - functions that this process has not are no candidates", () => {
  const has = { ...abilities, hasFunction: () => false };
  const error = refusal(ask(stateWith([lexicon]), { text: "x" }, { has }));
  assert.match(error.message, /lexicon: its function is not in this process/);
});
