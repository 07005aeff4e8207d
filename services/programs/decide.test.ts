import assert from "node:assert/strict";
import { test } from "node:test";
import { decideModule, decideRegister, decideRemove, decideRenewal } from "./decide.ts";
import { definitionOf } from "./definition.ts";
import { evolve } from "./evolve.ts";
import { initialState, type ProgramsState, stateFromJson, stateToJson } from "./state.ts";

const definition = (name: string, signature = "text: str -> echo: str") =>
  definitionOf({
    name,
    signature,
    implementations: [{ name: "python", kind: "python", pool: "general", entry: name }],
  });
function given(...registered: [name: string, by: string, sequence: number][]): ProgramsState {
  return registered.reduce(
    (state, [name, by, sequence]) =>
      evolve(state, { kind: "registered", sequence, timeMs: sequence, definition: definition(name), by }),
    initialState(),
  );
}

test("register - a new definition is registered, the same one again changes nothing", () => {
  const echo = definition("echo");
  assert.deepEqual(decideRegister(given(), echo, "config"), { ...echo, by: "config" });
  assert.equal(decideRegister(given(["echo", "config", 1]), echo, "config"), undefined);
});

test("register - another definition is a new version; after a removal the same one is registered again", () => {
  const other = definition("echo", "text: str -> echo: str, more: int");
  assert.equal(decideRegister(given(["echo", "config", 1]), other, "config")?.version, other.version);
  const removed = evolve(given(["echo", "config", 1]), {
    kind: "removed",
    sequence: 2,
    timeMs: 2,
    name: "echo",
  });
  assert.ok(decideRegister(removed, definition("echo"), "config"));
});

test("module - one that a pool found is registered, unless the program was declared elsewhere with that signature", () => {
  assert.ok(decideModule(given(), definition("echo"), "pool/general"));
  assert.equal(decideModule(given(["echo", "config", 1]), definition("echo"), "pool/general"), undefined);
});

test("module - a name that has another signature elsewhere is a conflict", () => {
  const other = definition("echo", "question: str -> answer: str");
  assert.throws(() => decideModule(given(["echo", "config", 1]), other, "pool/general"), {
    code: "conflict",
  });
  assert.ok(decideModule(given(["echo", "pool/general", 1]), other, "pool/general"));
});

test("remove - a registered program goes, and may come back; one that is not there is unknown", () => {
  const removal = { name: "echo", by: "local", reason: "not used" };
  const state = given(["echo", "config", 1]);
  assert.deepEqual(decideRemove(state, removal), removal);
  const removed = evolve(state, { kind: "removed", sequence: 2, timeMs: 2, name: "echo" });
  for (const unknown of [removed, given(["other", "config", 1])])
    assert.throws(() => decideRemove(unknown, removal), { code: "unknown_program" });
  const back = { kind: "registered", sequence: 3, timeMs: 3, definition: definition("echo"), by: "local" };
  assert.deepEqual(decideRemove(evolve(removed, back as never), removal), removal);
});

test("renewal - what lies in the older half of a log that forgets is told again", () => {
  const state = given(["old", "config", 10], ["middle", "config", 140], ["new", "config", 190]);
  const renewed = (firstSequence: number) =>
    ["old", "middle", "new", "none"].filter(
      (name) => decideRenewal(state, name, { firstSequence, lastSequence: 200 }) !== undefined,
    );
  assert.deepEqual(renewed(1), [], "nothing was forgotten yet");
  assert.deepEqual(renewed(100), ["old", "middle"]);
  assert.deepEqual(decideRenewal(state, "old", { firstSequence: 100, lastSequence: 200 }), {
    ...definition("old"),
    by: "config",
  });
});

test("renewal - of what was removed there is none", () => {
  const removed = evolve(given(["old", "config", 10]), {
    kind: "removed",
    sequence: 20,
    timeMs: 20,
    name: "old",
  });
  assert.equal(decideRenewal(removed, "old", { firstSequence: 100, lastSequence: 200 }), undefined);
});

test("the state - survives its JSON", () => {
  const state = given(["a", "config", 1], ["b", "local", 2]);
  assert.deepEqual(
    stateToJson(stateFromJson(JSON.parse(JSON.stringify(stateToJson(state))))),
    stateToJson(state),
  );
});
