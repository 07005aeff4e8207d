import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, decide, type SetCommand } from "./decide.ts";
import type { VariableAppend } from "./event.ts";
import { evolve } from "./evolve.ts";
import { initialState, stateFromJson, stateToJson, type VariablesState } from "./state.ts";

const temperature = { name: "temperature", kind: "float", min: 0, max: 2, default: 0.7 };
const least = { name: "least", kind: "integer", min: 0, max: 100, default: 10 };
const most = {
  name: "most",
  kind: "integer",
  min: 0,
  max: 100,
  default: 50,
  constraints: [{ expression: "least <= most", message: "the least is above the most" }],
};
const middle = { name: "middle", kind: "integer", min: 0, max: 60, expression: "round((least + most) / 2)" };
const label = { name: "label", kind: "string", maxLength: 40, expression: "'about ' + text(middle)" };
const ALL = [temperature, least, most, middle, label];

const register = (...variables: unknown[]): Command => ({ kind: "register", by: "config", variables });
const set = (values: Record<string, unknown>, more: Partial<SetCommand> = {}): Command => ({
  kind: "set",
  by: "local",
  values,
  ...more,
});
const reset = (...names: string[]): Command => ({ kind: "reset", by: "local", names });
const deprecate = (name: string, replacedBy?: string): Command => ({
  kind: "deprecate",
  by: "local",
  name,
  replacedBy,
});

/** A state as these commands, one after another, leave it. */
function given(...commands: Command[]): VariablesState {
  return commands.reduce((state, command) => {
    const event = decide(state, command);
    if (event === undefined) return state;
    const sequence = state.sequence + 1;
    return evolve(state, { ...event, sequence, timeMs: sequence });
  }, initialState());
}
function changesOf(event: VariableAppend | undefined): [name: string, value: unknown, version: number][] {
  assert.ok(event !== undefined && "changes" in event.data);
  return event.data.changes.map(({ name, value, version }) => [name, value, version]);
}
function refused(state: VariablesState, command: Command, error: object): void {
  const before = JSON.stringify(stateToJson(state));
  assert.throws(() => decide(state, command), error);
  assert.equal(JSON.stringify(stateToJson(state)), before);
}

test("register - gives defaults, and what follows from them, in one event and in order", () => {
  const event = decide(initialState(), register(label, middle, most, least));
  assert.equal(event?.verb, "registered");
  assert.deepEqual(changesOf(event), [
    ["least", 10, 1],
    ["most", 50, 1],
    ["middle", 30, 1],
    ["label", "about 30", 1],
  ]);
});

test("register - the same again changes nothing; what is new or other is registered alone", () => {
  const state = given(register(...ALL));
  assert.equal(decide(state, register(...ALL)), undefined);
  const wider = { ...temperature, max: 5 };
  assert.deepEqual(changesOf(decide(state, register(wider, least))), [["temperature", 0.7, 2]]);
});

test("register - a value that was set stays where it still fits, else it begins with the default", () => {
  const state = given(register(...ALL), set({ temperature: 1.5 }));
  assert.deepEqual(changesOf(decide(state, register({ ...temperature, max: 1.6 }))), [
    ["temperature", 1.5, 3],
  ]);
  assert.deepEqual(changesOf(decide(state, register({ ...temperature, max: 1 }))), [["temperature", 0.7, 3]]);
});

test("register - values that no longer hold together begin with the defaults", () => {
  const state = given(register(...ALL), set({ least: 45 }));
  const far = { ...most, constraints: [{ expression: "most - least >= 40" }], default: 60 };
  assert.deepEqual(changesOf(decide(state, register(least, far))), [
    ["least", 10, 3],
    ["most", 60, 2],
    ["middle", 35, 3],
    ["label", "about 35", 3],
  ]);
  refused(state, register(far), { code: "invalid_inputs", path: "variables[0]" });
});

test("set - changes what follows from it in the same event; what stays the same is not told", () => {
  const state = given(register(...ALL));
  const event = decide(state, set({ most: 60, temperature: 0.7 }, { reason: "more" }));
  assert.deepEqual(changesOf(event), [
    ["most", 60, 2],
    ["middle", 35, 2],
    ["label", "about 35", 2],
  ]);
  assert.deepEqual([event?.data.by, event?.data.reason], ["local", "more"]);
  assert.deepEqual(changesOf(decide(state, set({ most: 61, least: 9 }))), [
    ["least", 9, 2],
    ["most", 61, 2],
    ["middle", 35, 2],
    ["label", "about 35", 2],
  ]);
  assert.deepEqual(changesOf(decide(state, set({ most: 51, least: 9 }))), [
    ["least", 9, 2],
    ["most", 51, 2],
  ]);
  assert.equal(decide(state, set({ most: 50, temperature: 0.7 })), undefined);
});

test("set - what does not fit says what, and where", () => {
  const state = given(register(...ALL));
  for (const [values, path, message] of [
    [{ temperature: 3 }, "values.temperature", /3 is above 2, the most that it may be/],
    [{ temperature: -0.1 }, "values.temperature", /is below 0/],
    [{ temperature: "warm" }, "values.temperature", /expected a number, got "warm"/],
    [{ temperature: null }, "values.temperature", /expected a number, got null/],
    [{ least: 1.5 }, "values.least", /expected an integer, got 1.5/],
    [{ least: 10n ** 30n }, "values.least", /expected an integer, got 1000000/],
    [{ middle: 5 }, "values.middle", /is computed from least, most: round/],
    [
      { least: 51 },
      "values.least",
      /constraint of variable "most" does not hold: the least is above the most/,
    ],
    [{ most: 9 }, "values.most", /least <= most, with least = 10, most = 9/],
    [{ most: 100, least: 50 }, "values.least", /variable "middle": 75 is above 60/],
    [{}, "values", /no value/],
  ] as const)
    refused(state, set(values), { code: "invalid_inputs", path, message });
  refused(state, set({ temperature: 1, nope: 1 }), { code: "not_found", path: "values.nope" });
  for (const name of ["constructor", "__proto__", "toString"])
    refused(state, set({ [name]: 1 }), { code: "not_found" });
});

test("set - an expected version that is not there any more is a conflict, which says what is", () => {
  const state = given(register(...ALL), set({ temperature: 1 }));
  refused(state, set({ temperature: 0 }, { expect: { temperature: 1 } }), {
    code: "conflict",
    path: "expect.temperature",
    details: { name: "temperature", version: 2 },
  });
  assert.deepEqual(
    changesOf(decide(state, set({ temperature: 0 }, { expect: { temperature: 2, least: 1 } }))),
    [["temperature", 0, 3]],
  );
  refused(state, set({ temperature: 0 }, { expect: { temperature: 2, nope: 1 } }), { code: "not_found" });
});

test("reset - goes back to the defaults, with what follows", () => {
  const state = given(register(...ALL), set({ most: 60, temperature: 1 }));
  const event = decide(state, reset("most", "temperature"));
  assert.equal(event?.verb, "reset");
  assert.deepEqual(
    changesOf(event).sort(),
    [
      ["label", "about 30", 3],
      ["middle", 30, 3],
      ["most", 50, 3],
      ["temperature", 0.7, 3],
    ].sort(),
  );
  assert.equal(decide(given(register(...ALL)), reset("most")), undefined);
  refused(state, reset("most", "middle"), { code: "invalid_inputs", path: "names[1]" });
  refused(state, reset("nope"), { code: "not_found", path: "names[0]" });
  refused(state, reset(), { code: "invalid_inputs", path: "names" });
});

test("deprecate - keeps the last value, which cannot be set any more; registered again it lives", () => {
  const state = given(register(...ALL), set({ temperature: 1 }));
  const event = decide(state, deprecate("temperature", "least"));
  assert.deepEqual(event, {
    verb: "deprecated",
    data: { definition: temperature, value: 1, version: 3, by: "local", replacedBy: "least" },
  });
  const gone = given(register(...ALL), set({ temperature: 1 }), deprecate("temperature", "least"));
  assert.equal(decide(gone, deprecate("temperature")), undefined);
  const error = { code: "gone", message: /deprecated, use "least"/ };
  refused(gone, set({ temperature: 0 }), error);
  refused(gone, reset("temperature"), error);
  refused(gone, register({ ...label, name: "other", expression: "text(temperature)" }), {
    code: "invalid_inputs",
    message: /names "temperature", which is deprecated/,
  });
  refused(gone, deprecate("least", "temperature"), { code: "invalid_inputs", path: "replacedBy" });
  assert.deepEqual(changesOf(decide(gone, register(temperature))), [["temperature", 1, 4]]);
});

test("deprecate - of what others need is a conflict that names them", () => {
  const state = given(register(...ALL));
  refused(state, deprecate("least"), { code: "conflict", details: { neededBy: ["most", "middle"] } });
  refused(state, deprecate("nope"), { code: "not_found" });
  assert.ok(decide(state, deprecate("label")));
});

test("dependencies - cycles are refused and named, by expression and by declaration", () => {
  const derived = (name: string, expression: string) => ({ name, kind: "float", min: 0, max: 9, expression });
  refused(initialState(), register(derived("a", "b + 1"), derived("b", "c"), derived("c", "a")), {
    code: "invalid_inputs",
    message: "variables depend on themselves: a → b → c → a",
    details: { cycle: ["a", "b", "c", "a"] },
    path: "variables[0]",
  });
  refused(initialState(), register(derived("a", "a")), { message: /a → a/ });
  const state = given(register(temperature, { ...least, dependsOn: ["temperature"] }));
  refused(state, register({ ...temperature, dependsOn: ["least"] }), {
    message: /least → temperature → least/,
    path: "variables[0]",
  });
});

test("dependencies - names and types are checked, with the place in the declaration", () => {
  const alone = { ...least, name: "alone" };
  for (const [variable, path, message] of [
    [
      { ...middle, expression: "nope + 1" },
      "variables[0].expression",
      /names "nope", and there is no such variable/,
    ],
    [{ ...alone, dependsOn: ["nope"] }, "variables[0].dependsOn", /there is no such variable/],
    [
      { ...alone, constraints: [{ expression: "alone < nope" }] },
      "variables[0].constraints[0].expression",
      /there is no such variable/,
    ],
    [
      { ...middle, expression: "'a'" },
      "variables[0].expression",
      /its expression gives a text, not a number/,
    ],
    [
      { ...alone, constraints: [{ expression: "alone" }] },
      "variables[0].constraints[0].expression",
      /gives a number/,
    ],
    [{ ...middle, expression: "1 +" }, "variables[0].expression", /variable "middle": expected .* at 3/],
    [{ ...middle, expression: "1 / (2 - 2)" }, "variables[0]", /variable "middle": division by zero/],
    [{ ...middle, expression: "70" }, "variables[0]", /70 is above 60/],
    [{ ...middle, default: 1 }, "variables[0].default", /needs a default or an expression, one of both/],
    [{ ...alone, default: undefined }, "variables[0].default", /needs a default or an expression/],
    [{ ...alone, default: 101 }, "variables[0].default", /101 is above 100/],
    [{ ...alone, min: 200 }, "variables[0].min", /min 200 is above max 100/],
    [{ ...alone, log: true }, "variables[0].min", /has no logarithm/],
    [{ ...alone, min: 1, log: true, step: 2 }, "variables[0].step", /not both/],
    [{ ...alone, step: 101 }, "variables[0].step", /wider/],
    [{ ...alone, step: 3 }, "variables[0].default", /10 is between two steps of 3 from 0/],
    [{ ...alone, name: "and" }, "variables[0].name", /word of the expression language/],
    [{ ...alone, name: "a-b" }, "variables[0].name", /expected a name/],
    [{ ...alone, constraints: [{ expression: "alone > 10" }] }, "variables[0]", /does not hold/],
    [
      { name: "c", kind: "choice", choices: ["a", "a"], default: "a" },
      "variables[0].choices",
      /"a" is a choice twice/,
    ],
    ["no object", "variables[0]", /./],
  ] as const)
    refused(initialState(), register(variable, least, most), { code: "invalid_inputs", path, message });
  refused(initialState(), register(least, least), { message: /declared twice/, path: "variables[1]" });
});

test("a thousand variables - and not one more, until one is deprecated", () => {
  const many = Array.from({ length: 1_000 }, (_, n) => ({ name: `v${n}`, kind: "boolean", default: true }));
  const state = given(register(...many));
  const more = { name: "more", kind: "boolean", default: true };
  refused(state, register(more), { code: "invalid_inputs", message: /at most 1000 variables, not 1001/ });
  const after = given(register(...many), deprecate("v7"), register(more));
  assert.equal(after.variables.size, 1_000);
  assert.ok(after.variables.has("more") && !after.variables.has("v7"));
});

test("a chain of a thousand - follows in one event", () => {
  const chain = Array.from({ length: 1_000 }, (_, n) => ({
    name: `v${String(999 - n).padStart(3, "0")}`,
    kind: "integer",
    min: 0,
    max: 10_000,
    ...(n === 999 ? { default: 1 } : { expression: `v${String(998 - n).padStart(3, "0")} + 1` }),
  }));
  const state = given(register(...chain));
  const changes = changesOf(decide(state, set({ v000: 5 })));
  assert.deepEqual(changes[999], ["v999", 1_004, 2]);
});

test("the state - survives its JSON", () => {
  const state = given(register(...ALL), set({ most: 60 }), deprecate("label", "temperature"));
  const json = stateToJson(state);
  assert.deepEqual(stateToJson(stateFromJson(JSON.parse(JSON.stringify(json)))), json);
});
