// Given a program whose implementation a variable chooses, when a request comes, then the one that it names answers,
// and the decision says why.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryLog } from "../../tests/kit/memory-log.ts";
import type { Command } from "../variables/decide.ts";

const register = (choices: string[], kind = "module"): Command => ({
  kind: "register",
  by: "config",
  variables: [{ name: "who", kind, choices, default: choices[0] }],
});
const set = (who: string): Command => ({ kind: "set", by: "local", values: { who } });

function given(...commands: Command[]): MemoryLog {
  const log = new MemoryLog();
  log.register({
    name: "answer",
    signature: "question: str -> answer: str",
    implementations: [
      { kind: "structured", name: "large" },
      { kind: "structured", name: "small" },
    ],
    routing: { implementationVariable: "who" },
  });
  for (const command of commands) log.variable(command);
  return log;
}
function decided(log: MemoryLog, options: object = {}) {
  const { implementation, decision, plan, variables } = log.decide(
    log.ask("answer", { question: "why" }, options),
  );
  const { pinned, pinnedBy, variables: recorded } = decision.features;
  const others = decision.candidates.filter(({ eligible }) => eligible).length;
  return { chosen: implementation.name, pinned, pinnedBy, recorded, variables, others, steps: plan };
}

test("a variable - names the implementation, and no other is tried", () => {
  const log = given(register(["small", "large"]));
  const { steps, ...found } = decided(log);
  const variables = { who: "small" };
  assert.deepEqual(found, {
    chosen: "small",
    pinned: true,
    pinnedBy: "who",
    recorded: variables,
    variables,
    others: 1,
  });
  assert.ok(steps.every(({ implementation }) => implementation === "small"));
  log.variable(set("large"));
  assert.equal(decided(log).chosen, "large");
});

test("a request - counts more, by the variable's value or by the implementation's name", () => {
  const log = given(register(["small", "large"]));
  assert.equal(decided(log, { variables: { who: "large" } }).chosen, "large");
  const named = decided(log, { implementation: "large" });
  assert.deepEqual([named.chosen, named.pinned, named.pinnedBy], ["large", true, undefined]);
});

test("before the variable is registered - the rule chooses", () => {
  const found = decided(given());
  assert.deepEqual([found.pinned, found.recorded, found.others], [undefined, undefined, 2]);
});

test("a value that is no implementation - is refused, naming both", () => {
  const log = given(register(["other", "small"], "choice"));
  assert.throws(() => decided(log), {
    code: "invalid_inputs",
    path: "variables.who",
    message: 'variable "who" is no implementation of program "answer": "other", it has: large, small',
  });
  assert.throws(() => decided(log, { variables: { who: 5 } }), { path: "variables.who" });
  assert.equal(decided(log, { variables: { who: "small" } }).chosen, "small");
});
