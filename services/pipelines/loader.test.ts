import assert from "node:assert/strict";
import { test } from "node:test";
import { LoadedValues, Loader } from "./loader.ts";
import { RUN_BOUNDS } from "./run/bounds.ts";
import { Turns } from "./turns.ts";
import { ValueCache } from "./value-cache.ts";

/** Messages of so many bytes. */
function loader(bytes: number, cacheBytes: number) {
  const asked: number[] = [];
  const reader = {
    at: async (sequence: number) => {
      asked.push(sequence);
      const data = { length: bytes } as Uint8Array;
      const json = () => ({ data: { outputs: { n: sequence } } });
      return { subject: "dspex.result.a.p.r_1_1", sequence, timeMs: 1, data, header: () => undefined, json };
    },
  };
  const claims = { expand: async () => ({}) };
  return { asked, made: new Loader({ reader, claims, readsAtOnce: 4, cacheBytes }) };
}
const needs = (count: number) => Array.from({ length: count }, (_, n) => ({ sequence: n + 1 }));

test("what was read - stays at hand for the next decision, of each user alone", async () => {
  const { asked, made } = loader(1_000, 10_000);
  const loaded = new LoadedValues();
  await made.load("ann", needs(3), loaded);
  assert.deepEqual(loaded.get("log 2"), { n: 2 });
  await made.load("ann", needs(3), new LoadedValues());
  assert.equal(asked.length, 3);
  await made.load("bob", needs(1), new LoadedValues());
  assert.equal(asked.length, 4);
});

test("one decision - has no more than a bound, and is told so when it wants more", async () => {
  const { made } = loader(RUN_BOUNDS.valueBytes / 4, 0);
  const loaded = new LoadedValues();
  await made.load("ann", needs(20), loaded);
  assert.ok(loaded.size >= 4 && loaded.size < 8, `${loaded.size}`);
  assert.ok([...loaded.values()].every((value) => !(value instanceof Error)));
  await made.load("ann", [{ sequence: 20 }], loaded);
  assert.match(String(loaded.get("log 20")), /more than 64 MiB of large values at once/);
});

test("a cache of values - keeps what was asked for last, within its bytes", () => {
  const cache = new ValueCache<string>(10);
  cache.set("a", "a", 4);
  cache.set("b", "b", 4);
  assert.equal(cache.get("a"), "a");
  cache.set("c", "c", 4);
  assert.deepEqual([cache.get("a"), cache.get("b"), cache.get("c")], ["a", undefined, "c"]);
  cache.set("d", "d", 11);
  assert.equal(cache.get("d"), undefined);
  cache.set("a", "other", 1);
  assert.deepEqual([cache.get("a"), cache.sizeBytes], ["other", 5]);
});

test("turns - come one after the other, also after one that failed; others do not wait", async () => {
  const turns = new Turns();
  const done: string[] = [];
  const hold = Promise.withResolvers<void>();
  const first = turns.take("r", async () => {
    await hold.promise;
    done.push("first");
    throw new Error("no");
  });
  const second = turns.take("r", async () => done.push("second"));
  await turns.take("other", async () => done.push("other"));
  hold.resolve();
  await assert.rejects(first, /no/);
  await second;
  await turns.idle();
  assert.deepEqual(done, ["other", "first", "second"]);
});
