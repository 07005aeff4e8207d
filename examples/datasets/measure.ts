// How often is each implementation of `sentiment` and `topic` right on the held-out sentences, and how long does it
// take? With `npm start` in another terminal: `npx node examples/datasets/measure.ts [how many sentences] [data set]`.

import { connect, type Dspex } from "dspex";
import { exact, shownShare } from "./exact.ts";
import { type Labelled, readDataset } from "./read.ts";

const IN_FLIGHT = 2;
/** Each with the program that it is for. */
const DATASETS = [
  ["sentiment", "sentiment"],
  ["sentiment-implied", "sentiment"],
  ["topic", "topic"],
] as const;

interface Measured {
  dataset: string;
  program: string;
  implementation: string;
  rows: readonly Labelled[];
}

async function measure(dspex: Dspex, { dataset, program, implementation, rows }: Measured): Promise<void> {
  const queue = [...rows];
  const tookMs: number[] = [];
  let right = 0;
  const worker = async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
      const run = await dspex.program(program).submit(row.inputs, { implementation });
      const { outputs, timings } = await run.result();
      right += exact(row, outputs);
      tookMs.push(timings.totalMs);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const median = tookMs.sort((a, b) => a - b)[tookMs.length >> 1] ?? Number.NaN;
  console.log(
    `${dataset.padEnd(18)} ${implementation.padEnd(11)} ${shownShare(right, rows.length)}, ${median.toFixed(1)} ms`,
  );
}

const [, , howMany = Number.POSITIVE_INFINITY, only] = process.argv;
await using dspex = await connect();
for (const [dataset, program] of DATASETS) {
  if (only !== undefined && only !== dataset) continue;
  const rows = readDataset(dataset, "heldout").slice(0, Number(howMany));
  const { implementations } = await dspex.describe(program);
  for (const { name } of implementations)
    await measure(dspex, { dataset, program, implementation: name, rows });
}
