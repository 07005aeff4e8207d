import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import { definitionOf } from "../definition.ts";
import { evolve } from "../evolve.ts";
import { initialState, type ProgramsState, stateFromJson, stateToJson } from "../state.ts";
import {
  decideDeclared,
  decidePromote,
  decidePublish,
  decideRollBack,
  decideWanted,
  decideWithdraw,
} from "./decide.ts";

const definition = (prompt: string) =>
  definitionOf({
    name: "mood",
    signature: "text: str -> mood: str",
    implementations: [{ name: "plain", kind: "plain", prompt: `{{text}} ${prompt}` }],
  });
const DECLARED = definition("declared");
const BETTER = definition("better");
const BEST = definition("best");
const OTHER = definition("declared anew");
const at = (state: ProgramsState) => ({ sequence: state.sequence + 1, timeMs: state.sequence + 1 });

function register(state: ProgramsState, of = DECLARED, by = "config"): ProgramsState {
  return evolve(state, { kind: "registered", ...at(state), definition: of, by });
}
function publish(state: ProgramsState, of: typeof DECLARED): ProgramsState {
  const data = decidePublish(state, {
    definition: of,
    parent: DECLARED.version,
    run: "r1",
    by: "local",
    artifact: { key: "local/x", sha256: "0".repeat(64) },
    report: {},
  });
  return data === undefined ? state : evolve(state, { kind: "version-published", ...at(state), data });
}
function follow(state: ProgramsState): ProgramsState {
  const registered = decideWanted(state, "mood");
  if (registered === undefined) return state;
  const { by, ...of } = registered;
  return evolve(state, { kind: "registered", ...at(state), definition: of, by });
}
function promote(state: ProgramsState, { version }: { version: string }, pin = false): ProgramsState {
  const data = decidePromote(state, { name: "mood", version, pin, by: "local" });
  return data === undefined ? state : evolve(state, { kind: "promoted", ...at(state), data });
}
function rollBack(state: ProgramsState): ProgramsState {
  const data = decideRollBack(state, { name: "mood", by: "local" });
  return follow(evolve(state, { kind: "rolled-back", ...at(state), data }));
}
const start = () => publish(publish(register(initialState()), BETTER), BEST);
const current = (state: ProgramsState) => state.programs.get("mood")?.current;

test("promote - the registration follows, also after a crash between the two", () => {
  const promoted = promote(start(), BETTER);
  assert.equal(current(promoted), DECLARED.version);
  const after = stateFromJson(JSON.parse(JSON.stringify(stateToJson(promoted))));
  assert.equal(current(follow(after)), BETTER.version);
  assert.equal(decideWanted(follow(after), "mood"), undefined, "once");
});

test("roll back - to the one before; and where nothing was promoted there is none", () => {
  const promoted = follow(promote(follow(promote(start(), BETTER)), BEST));
  assert.equal(current(promoted), BEST.version);
  assert.equal(current(rollBack(promoted)), BETTER.version);
  assert.throws(() => decideRollBack(start(), { name: "mood", by: "local" }), { code: "conflict" });
});

test("a declaration - does not replace what was promoted in its place, another one does, but not a pinned one", () => {
  const promoted = follow(promote(start(), BETTER));
  assert.equal(decideDeclared(promoted, DECLARED, "config"), undefined);
  assert.equal(decideDeclared(promoted, OTHER, "config")?.version, OTHER.version);
  assert.equal(decideDeclared(follow(promote(promoted, BETTER, true)), OTHER, "config"), undefined);
  const replaced = register(promoted, OTHER);
  assert.equal(decideDeclared(replaced, DECLARED, "config")?.version, DECLARED.version);
});

test("withdraw - what is in use stays, what is withdrawn is never promoted again", () => {
  const state = start();
  const withdrawal = { name: "mood", version: BETTER.version, by: "local" };
  assert.throws(() => decideWithdraw(follow(promote(state, BETTER)), withdrawal), { code: "conflict" });
  assert.throws(() => decideWithdraw(start(), { ...withdrawal, version: "none" }), {
    code: "unknown_version",
  });
  const data = decideWithdraw(start(), withdrawal);
  assert.ok(data);
  const withdrawn = evolve(start(), { kind: "withdrawn", sequence: 9, timeMs: 9, data });
  assert.throws(() => promote(withdrawn, BETTER), { code: "conflict" });
  assert.equal(decideWithdraw(withdrawn, withdrawal), undefined);
});

test("publish - the same version once, and only from a version that there is", () => {
  assert.equal(start().programs.get("mood")?.published.size, 2);
  assert.equal(publish(start(), BETTER).sequence, start().sequence);
  const lost = { definition: OTHER, parent: "none", run: "r", by: "l", artifact: { key: "k", sha256: "" } };
  assert.throws(() => decidePublish(start(), { ...lost, report: {} }), { code: "conflict" });
});

test("commands in any order - against a plain model: what is current, and the state survives its JSON", () => {
  const command = fc.constantFrom("better", "best", "pin", "back", "declare", "declare anew");
  fc.assert(
    fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
      let state = start();
      const model = { current: DECLARED.version, previous: "", base: "", pinned: false };
      for (const name of commands) {
        state = stateFromJson(JSON.parse(JSON.stringify(stateToJson(state))));
        if (name === "back") {
          if (model.base === "" || model.previous === model.current) {
            assert.throws(() => rollBack(state), { code: "conflict" });
            continue;
          }
          state = rollBack(state);
          [model.current, model.previous, model.pinned] = [model.previous, model.current, false];
        } else if (name.startsWith("declare")) {
          const declared = name === "declare" ? DECLARED : OTHER;
          const registered = decideDeclared(state, declared, "config");
          const isKept = model.base !== "" && (model.pinned || model.base === declared.version);
          assert.equal(registered === undefined, isKept || model.current === declared.version);
          if (registered === undefined) continue;
          state = register(state, declared);
          if (model.current !== declared.version) Object.assign(model, { base: "", pinned: false });
          model.current = declared.version;
        } else {
          const { version } = name === "best" ? BEST : BETTER;
          const pinned = name === "pin";
          state = follow(promote(state, { version }, pinned));
          if (model.current !== version) model.previous = model.current;
          else if (model.base === "") model.previous = model.current;
          if (model.base === "") model.base = model.current;
          Object.assign(model, { current: version, pinned });
        }
        assert.equal(current(state), model.current);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
