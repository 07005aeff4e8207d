import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { canonicalJson } from "../../../schemas/envelope/json.ts";
import { definitionOf } from "../definition.ts";
import { decodeEvent } from "../event.ts";
import { evolve } from "../evolve.ts";
import { initialState, type ProgramsState, stateFromJson, stateToJson } from "../state.ts";
import { readArtifact } from "./artifact.ts";
import {
  checkSource,
  OPTIMIZER_DECLARATION,
  type OptimizeCommand,
  optimizeSchema,
  requestOf,
} from "./command.ts";
import type { OptimizationRun } from "./state.ts";

const STARTED = {
  run: "r1",
  user: "ada",
  program: "mood",
  version: "v1",
  optimizer: "auto",
  metric: "exact",
  trials: 5,
};
function fold(...messages: [subject: string, data: object][]): ProgramsState {
  return messages.reduce((state, [subject, data], n) => {
    const message = { subject, sequence: n + 1, timeMs: n + 1, json: () => ({ data }) };
    const event = decodeEvent(message);
    return event === undefined ? state : evolve(state, event);
  }, initialState());
}
const event = (verb: string) => `dspex.event.optimization.r1.${verb}`;
const trial = (n: number, step: string, score: number, more: object = {}) =>
  [
    event("trial-finished"),
    { run: "r1", trial: n, step, params: {}, score, scores: [], spent: { calls: n * 10 }, ...more },
  ] as [string, object];

test("a run - is folded with what there was, its best so far, and its end", () => {
  const state = fold(
    [event("started"), STARTED],
    trial(0, "base", 0.5),
    trial(1, "candidate", 0.9),
    trial(2, "candidate", 0.95, { pruned: true }),
    trial(3, "candidate", 0.8),
    trial(4, "test", 0.7),
    ["dspex.result.ada.o.r1", {}],
  );
  const run = state.runs.get("r1");
  assert.deepEqual([run?.base, run?.best, run?.tried, run?.calls], [0.5, { trial: 1, score: 0.9 }, 3, 40]);
  assert.deepEqual([run?.status, run?.answered], ["running", 7]);
  assert.deepEqual(stateFromJson(JSON.parse(JSON.stringify(stateToJson(state)))), state);
  const end = { run: "r1", program: "mood", report: { improved: true }, version: "v2", result: 7 };
  const ended = fold([event("started"), STARTED], [event("finished"), end]).runs.get("r1");
  assert.deepEqual([ended?.status, ended?.published], ["finished", "v2"]);
});

test("a run - that was never started here has no answer, and another user's id gives it none", () => {
  assert.equal(fold(["dspex.result.ada.o.r1", {}]).runs.size, 0);
  const state = fold([event("started"), STARTED], ["dspex.result.eve.o.r1", {}]);
  assert.equal(state.runs.get("r1")?.answered, undefined);
});

const parent = definitionOf({
  name: "mood",
  signature: "text: str -> mood: str",
  implementations: [{ name: "a", kind: "structured" }],
});
const { version: _version, ...declaration } = parent;
const RUN = { ...STARTED, version: parent.version } as unknown as OptimizationRun;
function artifact(changes: object = {}): [Uint8Array, { key: string; sha256: string }] {
  const implementations = [{ name: "optimized", kind: "plain", prompt: "{{text}}" }];
  const data = Buffer.from(
    canonicalJson({
      format: "dspex-version/1",
      program: "mood",
      parent: parent.version,
      declaration: { ...declaration, implementations },
      optimizer: "search",
      metric: "exact",
      ...changes,
    }),
  );
  return [data, { key: "ada/x", sha256: hash("sha256", data, "hex") }];
}

test("an artifact - becomes a version of its parent", () => {
  const [data, place] = artifact();
  const published = readArtifact(data, place, RUN, definitionOf);
  assert.equal(published.definition.implementations[0]?.name, "optimized");
  assert.notEqual(published.definition.version, parent.version);
  assert.deepEqual(
    [published.parent, published.run, published.report],
    [parent.version, "r1", { optimizer: "search", metric: "exact" }],
  );
});

test("an artifact - that is not what its hash says, or of another program, is refused", () => {
  const [data, place] = artifact();
  assert.throws(() => readArtifact(data, { ...place, sha256: "0".repeat(64) }, RUN, definitionOf), {
    code: "gone",
  });
  const wrong: object[] = [
    { program: "other" },
    { parent: "v0" },
    { format: "pickle" },
    { declaration: { ...declaration, name: "other" } },
    { declaration: { ...declaration, implementations: [] } },
  ];
  for (const changes of wrong) {
    const [bytes, at] = artifact(changes);
    assert.throws(() => readArtifact(bytes, at, RUN, definitionOf), { code: "invalid_inputs" });
  }
});

test("a command - has one source of examples", () => {
  const row = { inputs: { text: "a" }, outputs: { mood: "b" } };
  for (const source of [{}, { rows: [] }, { rows: [row], fromLog: {} }])
    assert.throws(() => checkSource(optimizeSchema.parse({ name: "mood", ...source })), {
      code: "invalid_inputs",
    });
  checkSource(optimizeSchema.parse({ name: "mood", rows: [row] }));
});

test("a command - becomes a request of its user to the optimizer", () => {
  const command: OptimizeCommand = { name: "mood", metric: "f1", fromLog: { minScore: 0.5 } };
  const run = { run: "r1", user: "ada", version: "v1", rows: [] };
  const { data } = requestOf(command, run, "2026-01-01T00:00:00Z") as { data: Record<string, unknown> };
  assert.equal(data.id, "ada.o.r1");
  assert.deepEqual(data.inputs, {
    job: { run: "r1", program: "mood", version: "v1", metric: "f1", rows: [] },
  });
  assert.equal(definitionOf(OPTIMIZER_DECLARATION).name, "dspex-optimize");
});
