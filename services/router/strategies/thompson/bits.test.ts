import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import type { Implementation } from "../../../../schemas/messages/program-event.ts";
import { BALANCED } from "../../../learning/posterior/reward.ts";
import { evolve } from "../../../learning/statistics/evolve.ts";
import { stateToJson } from "../../../learning/statistics/json.ts";
import { initialState } from "../../../learning/statistics/state.ts";
import { uniform } from "./draw.ts";
import { chooseByThompson } from "./thompson.ts";

const implementations: Implementation[] = ["a", "b", "c", "d", "e"].map((name) => ({
  kind: "structured",
  name,
}));
const armKeys = implementations.map(({ name }) => `${name}@1`);

/** Requests of three kinds, one arm of which fails from the middle on; all decisions, and the state in the end. */
function history(requests: number): string {
  const state = initialState();
  const arms = implementations.map(({ name }, at) => ({ key: `${name}@1`, name, family: `f${at % 2}` }));
  evolve(state, { kind: "arms-declared", sequence: 1, program: "p", arms });
  const decisions: unknown[] = [];
  for (let n = 0; n < requests; n++) {
    const asked = { task: `task-${n % 3}`, length: n & 3 };
    const answer = chooseByThompson({
      implementations,
      ineligible: new Set(),
      program: state.programs.get("p"),
      armKeys,
      loads: [0, 1, 2, 3, 0],
      ...asked,
      weights: BALANCED,
      settings: { name: "standard", rule: "thompson", temper: 0.5, floor: 0.05 },
      seed: 20_261_101,
      requestId: `local.c.${n}`,
    });
    const at = armKeys.indexOf(`${answer?.chosen.name}@1`);
    decisions.push(at, answer?.candidates);
    const chance = (what: string) => uniform(1, `${what}.${n}`);
    const broken = at === 4 && n > requests / 2;
    evolve(state, {
      kind: "outcome",
      sequence: n + 2,
      place: { program: "p", arm: armKeys[at] as string, load: 0, ...asked },
      outcome: {
        success: chance("success") < (broken ? 0.2 : 0.6 + 0.08 * at),
        inTime: chance("time"),
        thrift: 1 / (1 + at),
        quality: chance("quality"),
      },
    });
  }
  return hash("sha256", JSON.stringify([decisions, stateToJson(state)]));
}

test("two thousand decisions and their outcomes - have these bits on every machine", () => {
  // Another hash on another machine is a fault. After a change of the rule it is a new one, and the versions of policy
  // and statistics count up.
  assert.equal(history(2_000).slice(0, 16), "3c12682d52f48186");
});
