// How often are the ways of program `sentiment`, and a structured call for topics, right on sentences that nothing was
// tuned on? Run: `node examples/datasets/measure.ts [how many]`; measure_predict.py asks the same of DSPy's Predict.

import { readFileSync } from "node:fs";
import { parseSignature, type Signature } from "../../schemas/signature/mod.ts";
import { createModelAdapters } from "../../services/native/adapters/mod.ts";
import { sentimentOf } from "../../services/native/programs/sentiment-lexicon.ts";
import { startModelServer } from "../../tests/kit/start-model-server.ts";

interface Labelled {
  inputs: { text: string };
  outputs: { label: string };
  split: string;
}

const IN_FLIGHT = 4;
const howMany = Number(process.argv[2] ?? 60);

function heldOut(name: string): Labelled[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  const rows: Labelled[] = lines.map((line) => JSON.parse(line));
  return rows.filter(({ split }) => split === "heldout").slice(0, howMany);
}

/** Wilson's interval at 95 %. */
function interval(right: number, of: number): string {
  const z = 1.96;
  const p = right / of;
  const middle = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of);
  const percent = (value: number) => Math.round(value * 100);
  return `${percent(p)} % [${percent(middle - half)}–${percent(middle + half)}]`;
}

async function measure(
  name: string,
  rows: readonly Labelled[],
  label: (text: string) => string | Promise<string>,
): Promise<void> {
  const start = performance.now();
  const queue = [...rows];
  let right = 0;
  const worker = async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift())
      if ((await label(row.inputs.text)) === row.outputs.label) right++;
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const each = (performance.now() - start) / rows.length;
  console.log(
    `${name.padEnd(22)} ${right}/${rows.length} = ${interval(right, rows.length)}, ${each.toFixed(2)} ms each`,
  );
}

const sentences = heldOut("sentiment");
await measure("sentiment lexicon", sentences, sentimentOf);

await using server = await startModelServer();
const { structured } = createModelAdapters({ variables: {} });
const ask = (signature: Signature) => async (text: string) => {
  const request = {
    model: server.model,
    signature,
    inputs: { text },
    settings: { temperature: 0, maxTokens: 40 },
  };
  const { outputs } = await structured.call({ ...request, signal: new AbortController().signal });
  return String(outputs.label);
};
const SENTIMENT =
  '"Is the sentiment positive or negative?" text: str -> label: Literal["positive", "negative"]';
const TOPIC =
  '"Is the topic sports, business, science or food?" text: str -> label: Literal["sports", "business", "science", "food"]';
await measure("sentiment structured", sentences, ask(parseSignature(SENTIMENT)));
await measure("topics structured", heldOut("topics"), ask(parseSignature(TOPIC)));
