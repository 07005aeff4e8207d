import assert from "node:assert/strict";
import { test } from "node:test";
import type { VariableKind } from "../../../../schemas/messages/variable-event.ts";
import { parseAssignments } from "./assignments.ts";

const KINDS: Record<string, VariableKind> = {
  warmth: "float",
  most: "integer",
  hedge: "boolean",
  tone: "choice",
  greeting: "string",
  how: "prompt",
  demos: "demos",
};
const read = (...words: string[]) =>
  parseAssignments(words, { file: (path) => `text of ${path}` }, async (name) => KINDS[name] as VariableKind);

test("assignments - are read as the variable's kind has it", async () => {
  assert.deepEqual(
    await read("warmth=0.5", "most=12", "hedge=true", "tone=formal", "greeting=5", "how=@p.txt", "demos=[]"),
    { warmth: 0.5, most: 12, hedge: true, tone: "formal", greeting: "5", how: "text of p.txt", demos: [] },
  );
});

test("assignments - of a choice are a number or a boolean where they look like one", async () => {
  for (const [word, value] of [
    ["tone=5", 5],
    ["tone=-2.5", -2.5],
    ["tone=true", true],
    ['tone="5"', "5"],
    ["tone=5 a day", "5 a day"],
    ["tone=", ""],
  ] as const)
    assert.deepEqual(await read(word), { tone: value });
});

test("assignments - that are none are quoted", async () => {
  await assert.rejects(read("warmth"), /"warmth" is no assignment: write name=value/);
  await assert.rejects(read("warmth=warm"), { code: "invalid_inputs", path: "values.warmth" });
  await assert.rejects(read("most=1", "most=2"), /"most" is given twice/);
});
