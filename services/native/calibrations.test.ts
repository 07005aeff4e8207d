import assert from "node:assert/strict";
import { it } from "node:test";
import { DspexError } from "../../schemas/errors.ts";
import type { LabelScores } from "./adapters/mod.ts";
import { type Asked, addScores, Calibrations, type LabelMeans } from "./calibrations.ts";

const LABELS = ["a", "b"];

function asked(more: Partial<Asked> = {}): Asked {
  return {
    key: "p arm",
    labels: LABELS,
    published: undefined,
    inputs: [],
    score: () => assert.fail("scored"),
    signal: new AbortController().signal,
    ...more,
  };
}

function published(count: number, a = -1): Asked["published"] {
  return { arm: "arm", count, means: { a, b: -2 } };
}

function observe(calibrations: Calibrations, times: number, scores: LabelScores = { a: -3, b: -4 }): void {
  for (let n = 0; n < times; n++) calibrations.observe("p arm", scores);
}

const inputs = Array.from({ length: 20 }, (_, n) => ({ n }));

it("means - published ones of 16 inputs or more come first", async () => {
  const calibrations = new Calibrations();
  observe(calibrations, 16);
  assert.deepEqual(await calibrations.meansOf(asked({ published: published(16), inputs })), { a: -1, b: -2 });
});

it("means - the worker's own count where they have more inputs", async () => {
  const calibrations = new Calibrations();
  observe(calibrations, 17);
  assert.deepEqual(await calibrations.meansOf(asked({ published: published(16) })), { a: -3, b: -4 });
  assert.deepEqual(await calibrations.meansOf(asked()), { a: -3, b: -4 });
});

it("means - the declared inputs are scored where nothing else is enough, a few at once, and once", async () => {
  const calibrations = new Calibrations();
  observe(calibrations, 19);
  let running = 0;
  let most = 0;
  let scored = 0;
  const score = async ({ n }: Record<string, unknown>): Promise<LabelScores> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    scored++;
    return { a: -Number(n), b: -1 };
  };
  const ask = asked({ published: published(15), inputs, score });
  const [one, two] = await Promise.all([calibrations.meansOf(ask), calibrations.meansOf(ask)]);
  assert.equal(one, two);
  assert.ok(Math.abs((one?.a ?? 0) + 9.5) < 1e-9);
  assert.deepEqual([scored, most], [20, 4]);
  // As many of its own inputs as were declared: now they count.
  observe(calibrations, 1);
  assert.deepEqual(await calibrations.meansOf(ask), { a: -3, b: -4 });
});

it("means - none where nothing is known, or means are of other labels", async () => {
  const calibrations = new Calibrations();
  observe(calibrations, 30, { c: -1, d: -1 });
  assert.equal(
    await calibrations.meansOf(asked({ published: { arm: "x", count: 99, means: { a: -1 } } })),
    undefined,
  );
});

it("means - what failed is told, stops the rest, and is tried again", async () => {
  const calibrations = new Calibrations();
  let calls = 0;
  const score = async (): Promise<LabelScores> => {
    if (++calls === 2) throw new DspexError("lm_unavailable", "away");
    return { a: -1, b: -2 };
  };
  await assert.rejects(calibrations.meansOf(asked({ inputs, score })), { code: "lm_unavailable" });
  assert.ok(calls <= 5, `${calls} calls`);
  assert.deepEqual(await calibrations.meansOf(asked({ inputs, score })), { a: -1, b: -2 });
});

it("means - who gives up waits no longer, the others do", async () => {
  const calibrations = new Calibrations();
  const gate = Promise.withResolvers<LabelScores>();
  const abort = new AbortController();
  const ask = asked({ inputs: [{ n: 1 }], score: () => gate.promise });
  const impatient = calibrations.meansOf({ ...ask, signal: abort.signal });
  const patient = calibrations.meansOf(ask);
  abort.abort(new DspexError("cancelled", "enough"));
  await assert.rejects(impatient, { code: "cancelled" });
  gate.resolve({ a: -1, b: -2 });
  assert.deepEqual(await patient, { a: -1, b: -2 });
});

it("running means - are the means", () => {
  const all = [-1, -2, -6].map((a) => ({ a, b: 0 }));
  const { count, means } = all.reduce<LabelMeans | undefined>(addScores, undefined) ?? {
    count: 0,
    means: {},
  };
  assert.deepEqual([count, means], [3, { a: -3, b: 0 }]);
});
