import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import { Layer, OrderedMap } from "./layer.ts";

const changes = fc.array(
  fc.record({ key: fc.nat({ max: 9 }), value: fc.option(fc.nat({ max: 9 }), { nil: undefined }) }),
  { maxLength: 40 },
);

test("a layer - is what a map with the same changes is, and leaves the one below as it was", () => {
  fc.assert(
    fc.property(changes, changes, (before, after) => {
      const below = new OrderedMap<number, number>();
      const apply = (
        map: Pick<Map<number, number>, "delete"> & { set(key: number, value: number): unknown },
        all: typeof before,
      ) => {
        for (const { key, value } of all) value === undefined ? map.delete(key) : map.set(key, value);
      };
      apply(below, before);
      const kept = [...below];
      const layer = new Layer(below);
      const plain = new Map(below);
      for (const change of after) {
        apply(layer, [change]);
        apply(plain, [change]);
        const first = layer.first();
        assert.equal(first === undefined, plain.size === 0);
        if (first !== undefined) assert.ok(plain.has(first));
        assert.equal(layer.size, plain.size);
        assert.equal(layer.get(change.key), plain.get(change.key));
        assert.equal(layer.has(change.key), plain.has(change.key));
      }
      assert.deepEqual(new Map(layer.entries()), plain);
      assert.deepEqual([...below], kept);
    }),
  );
});

test("a layer - over a layer is one, too", () => {
  const layer = new Layer(
    new Layer(
      new OrderedMap([
        ["a", 1],
        ["b", 2],
      ]),
    ).set("c", 3),
  );
  layer.delete("a");
  assert.equal(layer.first(), "b");
  assert.deepEqual(
    [...layer.entries()],
    [
      ["b", 2],
      ["c", 3],
    ],
  );
});
