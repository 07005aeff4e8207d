import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import {
  evidence,
  isBetter,
  newPromotion,
  observePaired,
  observeSplit,
  restartPromotion,
  thresholdOf,
} from "./promotion.ts";

test("the first bet - has an even chance: what it wins on one side it loses on the other", () => {
  const reward = fc.double({ min: 0, max: 1, noNaN: true });
  const share = fc.double({ min: 0.02, max: 0.98, noNaN: true });
  fc.assert(
    fc.property(reward, share, (one, part) => {
      const won = evidence(observeSplit(newPromotion(), "challenger", one, part));
      const lost = evidence(observeSplit(newPromotion(), "champion", one, part));
      // Under equal rewards the expected wealth stays 1.
      assert.ok(Math.abs(part * won + (1 - part) * lost - 1) < 1e-12);
      assert.ok(won > 0 && lost > 0);
    }),
  );
});

test("a clear winner - is promoted, a clear loser never", () => {
  const up = newPromotion();
  const down = newPromotion();
  for (let at = 0; at < 400; at++) {
    observeSplit(up, at % 2 === 0 ? "challenger" : "champion", at % 2 === 0 ? 0.9 : 0.5, 0.5);
    observeSplit(down, at % 2 === 0 ? "challenger" : "champion", at % 2 === 0 ? 0.5 : 0.9, 0.5);
  }
  assert.equal(isBetter(up), true);
  assert.ok(evidence(down) < 1);
});

test("pairs - need fewer requests", () => {
  const paired = newPromotion();
  let taken = 0;
  while (!isBetter(paired) && taken < 400) {
    observePaired(paired, 0.9, 0.5);
    taken++;
  }
  assert.ok(taken < 50, `${taken}`);
});

test("a restart - takes the wealth, and asks for more", () => {
  const one = newPromotion();
  const first = thresholdOf(one);
  for (let at = 0; at < 50; at++) observePaired(one, 1, 0);
  restartPromotion(one);
  assert.equal(evidence(one), 1);
  assert.ok(thresholdOf(one) > 4 * first);
});

test("wealth - stays a number that JSON can write", () => {
  const one = newPromotion();
  for (let at = 0; at < 20_000; at++) observePaired(one, 1, 0);
  assert.ok(Number.isFinite(evidence(JSON.parse(JSON.stringify({ ...one, wealth: [...one.wealth] })))));
});
