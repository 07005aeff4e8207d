// Given variables and a program that refers to them, when a request comes, then the work has their values, and the
// decision says which.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { MemoryLog } from "../../tests/kit/memory-log.ts";
import type { Command } from "../variables/decide.ts";
import type { AttemptOrder } from "./decide.ts";
import type { Intake } from "./intake.ts";
import { type OpenRequest, stateFromJson, stateToJson } from "./state.ts";
import { workOf } from "./work-message.ts";

const VARIABLES = [
  { name: "warmth", kind: "float", min: 0, max: 2, default: 0.5 },
  { name: "steps", kind: "integer", min: 1, max: 20, default: 5 },
  { name: "twice", kind: "integer", min: 2, max: 40, expression: "steps * 2" },
  { name: "tone", kind: "choice", choices: ["calm", "loud"], default: "calm" },
  { name: "how", kind: "prompt", default: "Answer {{question}}" },
  { name: "far", kind: "float", min: 0, max: 5, default: 1 },
];
const dspy: Implementation = {
  kind: "dspy",
  name: "react",
  pool: "general",
  module: "ReAct",
  temperature: 0,
  variables: { temperature: "warmth", "parameters.maxIters": "twice" },
};
const python: Implementation = {
  kind: "python",
  name: "mine",
  pool: "general",
  entry: "mine",
  variables: { voice: "tone", warmth: "nobody" },
};
const plain: Implementation = {
  kind: "plain",
  name: "plain",
  prompt: "{{question}}?",
  variables: { prompt: "how", temperature: "far" },
};
const bare: Implementation = { kind: "structured", name: "bare" };

const set = (values: Record<string, unknown>): Command => ({ kind: "set", by: "local", values });

function given(...commands: Command[]): MemoryLog {
  const log = new MemoryLog();
  log.register({
    name: "answer",
    signature: "question: str -> answer: str",
    implementations: [dspy, python, plain, bare],
    routing: { hedge: true },
  });
  for (const command of commands) log.variable(command);
  return log;
}
const registered: Command = { kind: "register", by: "config", variables: VARIABLES };

function ask(log: MemoryLog, implementation: string, variables?: Record<string, unknown>): Intake {
  return log.ask("answer", { question: "why" }, { implementation, ...(variables && { variables }) });
}
function work(log: MemoryLog, order: AttemptOrder, intake: Intake) {
  return workOf(order, intake, log.state.open.get(intake.id) as OpenRequest, {
    routeMs: 0,
    waitMs: 0,
  });
}
function made(log: MemoryLog, implementation: string, variables?: Record<string, unknown>) {
  const intake = ask(log, implementation, variables);
  const order = log.decide(intake);
  const { settings, variables: carried } = work(log, order, intake);
  return { settings, carried, recorded: order.decision.features.variables };
}

test("variables - give the work's settings, and are recorded by the decision", () => {
  const log = given(registered, set({ warmth: 1.25 }));
  assert.deepEqual(made(log, "react"), {
    settings: {
      kind: "dspy",
      pool: "general",
      module: "ReAct",
      temperature: 1.25,
      parameters: { maxIters: 10 },
    },
    carried: { warmth: 1.25, twice: 10 },
    recorded: { warmth: 1.25, twice: 10 },
  });
});

test("variables - that are set count from the next request on; what was decided stays as it was", () => {
  const log = given(registered);
  const before = made(log, "react");
  log.variable(set({ warmth: 1, steps: 3 }));
  assert.deepEqual(made(log, "react").carried, { warmth: 1, twice: 6 });
  assert.deepEqual(before.carried, { warmth: 0.5, twice: 10 });
});

test("variables - that are not registered leave what is declared, and are not recorded", () => {
  const { settings, carried, recorded } = made(given(), "react");
  assert.deepEqual(
    [settings.temperature, settings.parameters, carried, recorded],
    [0, undefined, {}, undefined],
  );
});

test("a request's own values - within their bounds, for this request alone, with what follows from them", () => {
  const log = given(registered);
  const { settings, carried, recorded } = made(log, "react", { steps: 2, tone: "loud" });
  assert.deepEqual([settings.temperature, settings.parameters], [0.5, { maxIters: 4 }]);
  assert.deepEqual(carried, { warmth: 0.5, twice: 4, steps: 2, tone: "loud" });
  assert.deepEqual(recorded, carried);
  assert.deepEqual(made(log, "react").carried, { warmth: 0.5, twice: 10 });
  assert.deepEqual(made(log, "bare", { tone: "loud" }).recorded, { tone: "loud" });
  assert.deepEqual(made(log, "bare", {}), {
    settings: { kind: "structured" },
    carried: {},
    recorded: undefined,
  });
});

test("a request's own values - out of bounds, computed or unknown are refused, whoever would answer", () => {
  const log = given(registered);
  for (const [variables, path, message] of [
    [{ warmth: 3 }, "variables.warmth", /3 is above 2/],
    [{ warmth: "hot" }, "variables.warmth", /expected a number/],
    [{ twice: 4 }, "variables.twice", /computed from steps/],
    [{ nobody: 1 }, "variables.nobody", /no variable "nobody"/],
  ] as const)
    for (const implementation of ["react", "bare"])
      assert.throws(() => log.decide(ask(log, implementation, variables)), {
        code: "invalid_inputs",
        path,
        message,
      });
  assert.throws(() => given().decide(ask(given(), "bare", { warmth: 1 })), { path: "variables.warmth" });
});

test("a value - that its setting cannot have is refused, naming both", () => {
  const log = given(registered, set({ far: 4 }));
  assert.throws(() => log.decide(ask(log, "plain")), {
    code: "invalid_inputs",
    path: "variables.far",
    message: /^variable "far" is no temperature of implementation "plain": 4: /,
  });
  assert.equal(made(log, "plain", { far: 1 }).settings.temperature, 1);
});

test("a prompt - that names what is no input is refused", () => {
  const log = given(registered);
  assert.equal(made(log, "plain").settings.prompt, "Answer {{question}}");
  log.variable(set({ how: "Answer {{qestion}}" }));
  assert.throws(() => log.decide(ask(log, "plain")), {
    code: "invalid_inputs",
    path: "variables.how",
    message:
      /^variable "how" is no prompt of implementation "plain": \{\{qestion\}\} is no input, it has: question$/,
  });
});

test("a user's own function - finds values under its keys, and by the names of variables", () => {
  const { settings, carried, recorded } = made(given(registered), "mine");
  assert.deepEqual(settings, { kind: "python", pool: "general", entry: "mine" });
  assert.deepEqual(carried, { tone: "calm", voice: "calm" });
  assert.deepEqual(recorded, { tone: "calm" });
});

test("what follows a failure, and a hedge - have the values of their own moment", () => {
  const log = given(registered);
  const intake = log.ask(
    "answer",
    { question: "why" },
    { implementation: "react", variables: { tone: "loud" } },
  );
  const first = log.decide(intake);
  log.work(first, intake);
  log.variable(set({ warmth: 2 }));
  const hedge = log.decideHedge(intake, 900);
  const expected = { warmth: 2, twice: 10, tone: "loud" };
  assert.deepEqual([hedge.variables, hedge.decision.features.variables], [expected, expected]);
  assert.equal(work(log, hedge, intake).settings.temperature, 2);
  log.fail(first, intake, "lm_timeout", 3);
  const next = log.decideNext(intake);
  assert.deepEqual([next.variables, next.decision.features.variables], [expected, expected]);
  assert.equal(work(log, next, intake).settings.temperature, 2);
  // What the request brings does not fit any more.
  log.variable({
    kind: "register",
    by: "config",
    variables: [{ name: "tone", kind: "choice", choices: ["calm"], default: "calm" }],
  });
  assert.throws(() => log.decideNext(intake), { code: "invalid_inputs", path: "variables.tone" });
  assert.throws(() => log.decideHedge(intake, 900), /not hedged/);
});

test("arms - are those of the declaration, whatever the values", () => {
  const log = given(registered);
  const armOf = () => log.decide(ask(log, "react")).decision.features.place as { arm: string };
  const before = armOf();
  log.variable(set({ warmth: 1.5 }));
  assert.deepEqual(armOf(), before);
});

test("the state - has the variables without their history, also in its JSON", () => {
  const log = given(registered, set({ warmth: 1.25 }));
  const before = made(log, "react");
  for (const { history } of log.state.variables.variables.values()) assert.deepEqual(history, []);
  log.state = stateFromJson(JSON.parse(JSON.stringify(stateToJson(log.state))));
  assert.deepEqual(made(log, "react"), before);
});
