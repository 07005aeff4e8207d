// Random pipelines, answered in random order, killed and replayed at random: they come to what a plain interpreter comes
// to, do nothing twice, and the state follows from the log alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { CHILD, declarationFrom, numbersArbitrary, PROGRAMS } from "../../tests/kit/pipeline-arbitrary.ts";
import { Interpreter } from "../../tests/kit/pipeline-interpreter.ts";
import { PipelineWorld } from "../../tests/kit/pipeline-world.ts";
import { stateHash } from "../log/snapshot.ts";
import type { PipelinesEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { stateFromJson, stateToJson } from "./json.ts";

const RUNS = Number(process.env.DSPEX_TEST_RUNS_OF_MODEL ?? 150);
const pipelines = new Map([["child", CHILD]]);

function worldOf(declaration: PipelineDeclaration): PipelineWorld {
  const world = new PipelineWorld(PROGRAMS);
  world.register(CHILD);
  world.register(declaration);
  return world;
}

const orders = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 60 });

test("random pipelines - in any order of results, with crashes, give what they mean, and nothing is done twice", () => {
  let finished = 0;
  let failed = 0;
  fc.assert(
    fc.property(numbersArbitrary, orders, fc.constantFrom("a", "bb", "xyz"), (numbers, order, t) => {
      const declaration = declarationFrom(numbers);
      const expected = new Interpreter(PROGRAMS, pipelines).run(declaration, { t });
      const world = worldOf(declaration);
      world.start("random", { t });
      let n = 0;
      const next = () => order[n++ % order.length] as number;
      world.runAll(
        (ids) => ids[next() % ids.length] as string,
        () => {
          const chance = next() % 7;
          if (chance === 0) world.snapshot();
          if (chance === 1) world.crash();
        },
      );
      const result = world.result();
      assert.ok(result !== undefined, "it does not end");
      if (expected === undefined) assert.equal(result.status, "failed");
      else {
        assert.equal(result.status, "succeeded", JSON.stringify(result.error));
        assert.deepEqual(result.outputs, expected);
      }
      for (const [id, times] of world.answered) assert.equal(times, 1, id);
      assert.equal(world.verbs().filter((verb) => verb === "finished").length, 1);
      assert.deepEqual(world.takenBack(), expected === undefined ? world.done().reverse() : []);
      if (expected === undefined) failed++;
      else finished++;
    }),
    { numRuns: RUNS, seed: 7 },
  );
  assert.ok(finished > RUNS / 10 && failed > RUNS / 20, `${finished} succeeded, ${failed} failed`);
});

test("replay - from any snapshot as from the beginning; what is folded twice changes nothing", () => {
  fc.assert(
    fc.property(numbersArbitrary, fc.nat({ max: 30 }), (numbers, after) => {
      const world = worldOf(declarationFrom(numbers));
      world.start("random", { t: "abc" });
      let n = 0;
      let snapshot: unknown;
      world.runAll(undefined, () => {
        if (n++ === after) snapshot = JSON.parse(JSON.stringify(stateToJson(world.state)));
      });
      const live = stateHash(stateToJson(world.state));
      assert.equal(stateHash(stateToJson(world.replay())), live);
      if (snapshot !== undefined) assert.equal(stateHash(stateToJson(world.replay(snapshot))), live);
      const twice = world.replay();
      const old = {
        kind: "other",
        sequence: 1,
        timeMs: 1,
        user: "local",
        name: "r1",
      } satisfies PipelinesEvent;
      evolve(twice, old);
      assert.equal(stateHash(stateToJson(twice)), live);
      assert.equal(
        stateHash(stateToJson(stateFromJson(JSON.parse(JSON.stringify(stateToJson(world.state)))))),
        live,
      );
    }),
    { numRuns: Math.ceil(RUNS / 3), seed: 11 },
  );
});
