import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import { evolve } from "./evolve.ts";
import { initialState, type VariablesState } from "./state.ts";
import { pick, recordOf, resolve, valuesOf } from "./values.ts";

const VARIABLES = [
  { name: "temperature", kind: "float", min: 0, max: 1, default: 0.5 },
  {
    name: "most",
    kind: "integer",
    min: 1,
    max: 100,
    default: 50,
    constraints: [{ expression: "twice <= 150", message: "too many" }],
  },
  { name: "twice", kind: "integer", min: 0, max: 200, expression: "most * 2" },
  { name: "long", kind: "prompt", default: "x".repeat(1_000) },
  { name: "old", kind: "boolean", default: true },
];

function given(): VariablesState {
  const state = initialState();
  const commands = [
    { kind: "register", by: "config", variables: VARIABLES },
    { kind: "deprecate", by: "local", name: "old" },
    { kind: "set", by: "local", values: { temperature: 0.75 } },
  ] as const;
  commands.forEach((command, n) => {
    const event = decide(state, command);
    if (event !== undefined) evolve(state, { ...event, sequence: n + 1, timeMs: n });
  });
  return state;
}

test("values in force - are one object until one of them changes", () => {
  const state = given();
  const now = valuesOf(state);
  assert.deepEqual(pick(now, ["twice", "temperature", "old", "nobody"]), {
    twice: 100,
    temperature: 0.75,
    old: true,
  });
  assert.equal(now.sequence, 3);
  assert.equal(valuesOf(state), now);
  assert.equal(resolve(state, undefined), now);
  assert.equal(resolve(state, {}), now);
  const error = { code: "conflict", message: "", retryable: false } as const;
  evolve(state, {
    verb: "rejected",
    sequence: 4,
    timeMs: 4,
    data: { command: "set", names: [], by: "local", error },
  });
  assert.equal(valuesOf(state), now);
  evolve(state, {
    verb: "changed",
    sequence: 5,
    timeMs: 5,
    data: { changes: [{ name: "temperature", value: 0, version: 3 }], by: "local" },
  });
  assert.deepEqual([valuesOf(state).sequence, valuesOf(state).values.get("temperature")], [5, 0]);
  assert.equal(now.values.get("temperature"), 0.75);
});

test("a request's own values - bring what follows from them, and leave those in force alone", () => {
  const state = given();
  const own = resolve(state, { most: 60, old: false });
  assert.deepEqual(pick(own, ["most", "twice", "temperature", "old"]), {
    most: 60,
    twice: 120,
    temperature: 0.75,
    old: false,
  });
  assert.deepEqual([...own.overridden].sort(), ["most", "old", "twice"]);
  assert.equal(valuesOf(state).values.get("most"), 50);
});

test("a request's own values - that do not fit are its error, with their path", () => {
  const state = given();
  for (const [overrides, path, message] of [
    [{ temperature: 2 }, "variables.temperature", /2 is above 1/],
    [{ temperature: "0.5" }, "variables.temperature", /expected a number/],
    [{ most: 80 }, "variables.most", /too many: twice <= 150, with twice = 160/],
    [{ twice: 4 }, "variables.twice", /computed from most: override these/],
    [{ nobody: 4 }, "variables.nobody", /no variable "nobody"/],
    [{ old: "no" }, "variables.old", /expected true or false/],
  ] as const)
    assert.throws(() => resolve(state, overrides), { code: "invalid_inputs", path, message });
});

test("what decisions record - has a large value's version, or its hash where it is the request's own", () => {
  const state = given();
  const names = ["temperature", "long"];
  const kept = recordOf(valuesOf(state), names);
  assert.deepEqual(kept, {
    temperature: 0.75,
    long: { $variable: "long", version: 1, sha256: (kept.long as { sha256: string }).sha256 },
  });
  const own = recordOf(resolve(state, { long: "y".repeat(500) }), names) as { long: { sha256: string } };
  assert.deepEqual(own.long, { $variable: "long", sha256: own.long.sha256 });
  assert.match(own.long.sha256, /^[0-9a-f]{64}$/);
});
