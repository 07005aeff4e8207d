// The data sets as figures rest on them: enough, balanced, each sentence once, and nothing of the held-out half in the
// half that prompts, word lists and demonstrations may be made from.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shippedPrograms } from "../../services/native/programs/mod.ts";
import { type Labelled, readDataset } from "./read.ts";

/** Share of common words from which two sentences say the same in other words. */
const TOO_ALIKE = 0.5;

const DATASETS = [
  { name: "sentiment", labels: ["negative", "positive"], train: 100, heldout: 100 },
  { name: "sentiment-implied", labels: ["negative", "positive"], train: 30, heldout: 30 },
  { name: "topic", labels: ["business", "politics", "science", "sports"], train: 30, heldout: 30 },
] as const;

const textOf = ({ inputs }: Labelled): string => inputs.text;
const wordsOf = (row: Labelled) =>
  new Set(
    textOf(row)
      .toLowerCase()
      .match(/[a-z]+/g),
  );

function alike(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const common = one.intersection(other).size;
  return common / (one.size + other.size - common);
}

describe("datasets", () => {
  for (const { name, labels, ...sizes } of DATASETS) {
    const rows = readDataset(name);

    it(`datasets - ${name} has as many sentences of each label, in both halves`, () => {
      assert.deepEqual([...new Set(rows.map(({ outputs }) => outputs.label))].sort(), labels);
      for (const split of ["train", "heldout"] as const)
        for (const label of labels) {
          const own = readDataset(name, split).filter(({ outputs }) => outputs.label === label);
          assert.equal(own.length, sizes[split], `${split} ${label}`);
        }
    });

    it(`datasets - ${name} says nothing twice`, () => {
      const said = rows.map((row) => [...wordsOf(row)].sort().join(" "));
      assert.equal(new Set(said).size, rows.length);
      for (const row of rows) assert.equal(textOf(row).trim(), textOf(row));
    });

    it(`datasets - ${name} has no sentence in one half that is much like one in the other`, () => {
      const train = readDataset(name, "train").map((row) => ({ text: textOf(row), words: wordsOf(row) }));
      for (const row of readDataset(name, "heldout")) {
        const words = wordsOf(row);
        for (const other of train)
          assert.ok(alike(words, other.words) < TOO_ALIKE, `${textOf(row)} ~ ${other.text}`);
      }
    });
  }

  for (const name of ["sentiment", "topic"] as const) {
    it(`datasets - the program ${name} is shown sentences of the train half alone`, () => {
      const program = shippedPrograms().find(({ declaration }) => declaration.name === name);
      const train = new Map(readDataset(name, "train").map((row) => [textOf(row), row.outputs.label]));
      const shown = { demos: 0, calibration: 0 };
      for (const implementation of program?.declaration.implementations ?? []) {
        if (implementation.kind === "dspy")
          for (const { inputs, outputs } of implementation.demos ?? []) {
            assert.equal(train.get(String(inputs.text)), outputs.label, String(inputs.text));
            shown.demos++;
          }
        if (implementation.kind === "choice")
          for (const { text } of implementation.calibration ?? []) {
            assert.ok(train.has(String(text)), String(text));
            shown.calibration++;
          }
      }
      assert.ok(shown.demos > 0 && shown.calibration > 0, JSON.stringify(shown));
    });
  }
});
