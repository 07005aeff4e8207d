// What do native metrics and texts cost, and what do the Python packages that define them?
//
// CPU of one call in µs. Python is measured in a process of its own before this one, without what a call over a bus
// would add. Its packages remember lines that they have seen; each call here and there has a new one.

import {
  bootstrapInterval,
  classificationReport,
  editSimilarity,
  rouge,
  sentenceBleu,
  sentenceChrf,
  tokenF1,
} from "../services/native/modules/metrics/mod.ts";
import { Bm25Index, chunkText, tokenizerFor } from "../services/native/modules/text/mod.ts";
import { PythonReference } from "../tests/kit/python-reference.ts";
import { SeededRandom } from "../tests/kit/random.ts";
import { type MicroCase, micro } from "./kit/micro.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";

const WORDS =
  "the a of and tram station town new people came to see it leave after rain market river bridge old 1,000 percent".split(
    " ",
  );
const PAIRS = 64;

const settings = benchSettings({ rounds: 5, seconds: 0.1 });
if (settings.short) settings.roundMs = 5;
const report = new Report(import.meta.filename, settings);
const random = new SeededRandom(7);

function text(words: number): string {
  return Array.from({ length: words }, (_, n) => random.pick(WORDS) + (n % 12 === 11 ? "." : "")).join(" ");
}

interface Compared {
  name: string;
  /** The package that defines it. */
  python: string;
  reference: string;
  /** Of one call each. */
  calls: readonly (readonly unknown[])[];
  run: (...args: never[]) => unknown;
}

function pairs(words: number): [string, string[]][] {
  return Array.from({ length: PAIRS }, () => [text(words), [text(words)]]);
}

const answers = pairs(8);
const paragraphs = pairs(100);
const labels = Array.from({ length: 1_000 }, () => `label ${random.between(0, 5)}`);
const article = text(2_000);
const documents = Array.from({ length: 500 }, () => text(40));
const scores = Array.from({ length: 100 }, () => random.next());
const chunking = { text: article, by: "sentences", size: 256, overlap: 32, encoding: "o200k_base" } as const;
const scored = (metric: string) =>
  paragraphs.map(([prediction, references]) => [
    "score_text",
    "score-text",
    { prediction, references, metric },
  ]);

const compared: Compared[] = [
  { name: "token F1, 8 words", python: "dspy.evaluate", reference: "f1", calls: answers, run: tokenF1 },
  { name: "BLEU, 100 words", python: "sacrebleu", reference: "bleu", calls: paragraphs, run: sentenceBleu },
  { name: "chrF, 100 words", python: "sacrebleu", reference: "chrf", calls: paragraphs, run: sentenceChrf },
  {
    name: "ROUGE-L, 100 words",
    python: "the twin",
    reference: "twin",
    calls: scored("rougeL"),
    run: (_: string, __: string, { prediction, references }: { prediction: string; references: string[] }) =>
      rouge("rougeL", prediction, references),
  },
  {
    name: "edit similarity, 100 words",
    python: "the twin",
    reference: "twin",
    calls: scored("edit-similarity"),
    run: (_: string, __: string, { prediction, references }: { prediction: string; references: string[] }) =>
      editSimilarity(prediction, references[0] as string),
  },
  {
    name: "classification report, 1,000 labels",
    python: "scikit-learn",
    reference: "report",
    calls: [[labels, labels.toReversed()]],
    run: classificationReport,
  },
  {
    name: "bootstrap interval, 100 scores",
    python: "dspex optimize",
    reference: "interval",
    calls: [[scores]],
    run: (list: number[]) => bootstrapInterval(list),
  },
  {
    name: "tokens, 2,000 words",
    python: "tiktoken",
    reference: "token_counts",
    calls: [[article, "o200k_base"]],
    run: (one: string) => tokenizerFor().count(one),
  },
  {
    name: "chunks, 2,000 words",
    python: "the twin",
    reference: "twin",
    calls: [["chunk_text", "chunk-text", chunking]],
    run: () => chunkText(article, tokenizerFor(), chunking),
  },
  {
    name: "index and search, 500 documents",
    python: "the twin",
    reference: "twin",
    calls: [["search_text", "search-text", { query: "market river", documents, k: 10 }]],
    run: () => new Bm25Index(documents).search("market river"),
  },
];

// The vocabulary is read once.
tokenizerFor().count(article);
await using python = new PythonReference();
const there = new Map<string, number[]>();
for (let round = 0; round < settings.rounds; round++) {
  for (const { name, reference, calls } of compared) {
    const micros = await python.ask<number>("timed", reference, calls, settings.roundMs / 1_000);
    there.set(name, [...(there.get(name) ?? []), micros]);
  }
}
const here = await micro(compared.map(caseOf), settings);

report.put("native", here);
report.put("python", Object.fromEntries(there));
report.table({
  title: "metrics and texts, CPU µs a call",
  columns: ["", "native", "Python", "by", "times as fast"],
  rows: compared.map(({ name, python: by }, at) => {
    const own = here[at]?.micros ?? spread([]);
    const other = spread(there.get(name) ?? []);
    return [name, shownSpread(own), shownSpread(other), by, shown(other.median / own.median)];
  }),
});
report.finish();

function caseOf({ name, calls, run }: Compared): MicroCase {
  return {
    name,
    run: (count) => {
      let last: unknown;
      for (let n = 0; n < count; n++) last = run(...(calls[n % calls.length] as never[]));
      return last;
    },
  };
}
