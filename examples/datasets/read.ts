// The labelled sentences, for whoever measures with them.

import { readFileSync } from "node:fs";

export type DatasetName = "sentiment" | "sentiment-implied" | "topic";

export interface Labelled {
  inputs: { text: string };
  outputs: { label: string };
  split: "train" | "heldout";
}

/** In the order of the file, which is that of a hash: its beginning is a fair sample. */
export function readDataset(name: DatasetName, split?: Labelled["split"]): Labelled[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  const rows: Labelled[] = lines.map((line) => JSON.parse(line));
  return split === undefined ? rows : rows.filter((row) => row.split === split);
}
