import assert from "node:assert/strict";
import { it } from "node:test";
import { forksOf } from "./label-tokens.ts";

const END = 0;

it("forks - labels that part at once have one", () => {
  assert.deepEqual(forksOf([[5, 6], [7], [8, 6]], END), [
    {
      path: [],
      ways: [
        { token: 5, labels: [0] },
        { token: 7, labels: [1] },
        { token: 8, labels: [2] },
      ],
    },
  ]);
});

it("forks - labels that begin alike part after what they share", () => {
  assert.deepEqual(forksOf([[1, 2, 3], [1, 2, 4], [9]], END), [
    {
      path: [],
      ways: [
        { token: 1, labels: [0, 1] },
        { token: 9, labels: [2] },
      ],
    },
    {
      path: [1, 2],
      ways: [
        { token: 3, labels: [0] },
        { token: 4, labels: [1] },
      ],
    },
  ]);
});

it("forks - a label that is the beginning of another ends there", () => {
  assert.deepEqual(forksOf([[1], [1, 2]], END), [
    {
      path: [1],
      ways: [
        { token: END, labels: [0] },
        { token: 2, labels: [1] },
      ],
    },
  ]);
});

it("forks - a single label has none, equal ones cannot have any", () => {
  assert.deepEqual(forksOf([[1, 2]], END), []);
  assert.equal(forksOf([[1, 2], [3], [1, 2]], END), undefined);
});

it("forks - each label is one way of each fork that it passes", () => {
  const labels = [[1, 1, 1], [1, 1, 2], [1, 2], [2], [1, 1]];
  const forks = forksOf(labels, END) ?? [];
  for (const { path, ways } of forks) {
    const behind = ways.flatMap(({ labels: some }) => some);
    assert.equal(new Set(behind).size, behind.length);
    for (const label of behind) assert.deepEqual(labels[label]?.slice(0, path.length), path);
  }
  assert.deepEqual(
    forks.map(({ path }) => path),
    [[], [1], [1, 1]],
  );
});
