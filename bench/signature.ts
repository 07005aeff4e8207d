// What does a signature cost: to parse once, and to check, encode and decode values on every request?
//
// Beside zod's check of the same shape, and JSON.parse of the same values, which nobody can do without.

import { z } from "zod";
import {
  decodeInputs,
  decodeOutputs,
  encodeInputs,
  encodeOutputs,
  hashSignature,
  inputsToJsonSchema,
  parseSignature,
  type Signature,
  validateInputs,
} from "../schemas/signature/mod.ts";
import { type MicroCase, micro } from "./kit/micro.ts";
import { PAYLOAD_TEXT } from "./kit/payload.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";

interface Sample {
  name: string;
  text: string;
  /** As an application has them. */
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  /** The inputs on the wire, as zod would have them. */
  schema: z.ZodType;
}

const samples: Sample[] = [
  {
    name: "echo",
    text: "text: str -> echo: str",
    inputs: { text: PAYLOAD_TEXT },
    outputs: { echo: PAYLOAD_TEXT },
    schema: z.strictObject({ text: z.string() }),
  },
  {
    name: "question",
    text: '"Answer in one sentence." question: str(max_length=2000) "what is asked", context: list[str](max_length=20), words: int(ge=1, le=500) = 50 -> answer: str, confidence: float(ge=0, le=1)',
    inputs: {
      question: "why is the sky blue?",
      context: Array.from({ length: 8 }, () => PAYLOAD_TEXT.slice(0, 100)),
    },
    outputs: { answer: PAYLOAD_TEXT, confidence: 0.75 },
    schema: z.strictObject({
      question: z.string().max(2_000),
      context: z.array(z.string()).max(20),
      words: z.number().int().min(1).max(500).default(50),
    }),
  },
  {
    name: "order",
    text: 'order: {id: str(pattern="[A-Z]{2}[0-9]{6}"), placed: datetime, lines: list[{sku: str, amount: int(ge=1), price: float(ge=0)}](min_length=1), note: str | None}, currency: Literal["EUR", "USD"] -> total: float, label: bytes, due: date',
    inputs: {
      order: {
        id: "AB123456",
        placed: new Date(Date.UTC(2026, 0, 1)),
        lines: Array.from({ length: 10 }, (_, n) => ({ sku: `sku-${n}`, amount: n + 1, price: 9.5 })),
      },
      currency: "EUR",
    },
    outputs: { total: 522.5, label: new Uint8Array(300), due: "2026-02-01" },
    schema: z.strictObject({
      order: z.strictObject({
        id: z.string().regex(/^[A-Z]{2}[0-9]{6}$/),
        placed: z.iso.datetime(),
        lines: z
          .array(z.strictObject({ sku: z.string(), amount: z.int().min(1), price: z.number().min(0) }))
          .min(1),
        note: z.string().nullish(),
      }),
      currency: z.enum(["EUR", "USD"]),
    }),
  },
];

const settings = benchSettings({ rounds: 11, seconds: 0.05 });
if (settings.short) settings.roundMs = 5;
const report = new Report(import.meta.filename, settings);

const COLUMNS = [
  "parse text",
  "hash",
  "JSON schema",
  "encode inputs",
  "validate inputs",
  "zod validate",
  "decode inputs",
  "encode outputs",
  "decode outputs",
  "JSON.parse inputs",
] as const;
type Column = (typeof COLUMNS)[number];

const cases = samples.flatMap((sample) =>
  Object.entries(casesOf(sample)).map(
    ([column, run]): MicroCase => ({ name: `${sample.name}: ${column}`, run: repeated(run) }),
  ),
);
const measured = await micro(cases, settings);
report.put("micros", measured);
const microsOf = (sample: Sample, column: Column) => {
  const found = measured.find(({ name }) => name === `${sample.name}: ${column}`);
  if (found === undefined) throw new Error(`nothing was measured for ${sample.name}, ${column}`);
  return found.micros;
};
report.table({
  title: "signatures, CPU µs a call",
  columns: ["", ...samples.map(({ name }) => name)],
  rows: COLUMNS.map((column) => [column, ...samples.map((sample) => shownSpread(microsOf(sample, column)))]),
});
report.table({
  title: "share of zod's time for the same check",
  columns: ["", ...samples.map(({ name }) => name)],
  rows: [
    [
      "validate inputs",
      ...samples.map((sample) =>
        shown(microsOf(sample, "validate inputs").median / microsOf(sample, "zod validate").median),
      ),
    ],
  ],
});
report.finish();

function casesOf({ text, inputs, outputs, schema }: Sample): Record<Column, () => unknown> {
  const ast: Signature = parseSignature(text);
  const wireInputs = encodeInputs(ast, inputs);
  const wireOutputs = encodeOutputs(ast, outputs);
  const json = JSON.stringify(wireInputs);
  if (!validateInputs(ast, wireInputs).ok || !schema.safeParse(JSON.parse(json)).success)
    throw new Error(`the sample does not fit ${text}`);
  return {
    "parse text": () => parseSignature(text),
    hash: () => hashSignature(ast),
    "JSON schema": () => inputsToJsonSchema(ast),
    "encode inputs": () => encodeInputs(ast, inputs),
    "validate inputs": () => validateInputs(ast, wireInputs),
    "zod validate": () => schema.safeParse(wireInputs),
    "decode inputs": () => decodeInputs(ast, wireInputs),
    "encode outputs": () => encodeOutputs(ast, outputs),
    "decode outputs": () => decodeOutputs(ast, wireOutputs),
    "JSON.parse inputs": () => JSON.parse(json),
  };
}

function repeated(run: () => unknown): MicroCase["run"] {
  return (count) => {
    let last: unknown;
    for (let at = 0; at < count; at++) last = run();
    return last;
  };
}
