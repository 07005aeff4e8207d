import assert from "node:assert/strict";
import { test } from "node:test";
import { choice, defineProgram, native, structured } from "./define.ts";
import { definitionOf } from "./definition.ts";

// #region choice
const mood = defineProgram("mood", 'text: str -> mood: Literal["good", "bad"]', {
  routing: { prefer: "quality", hedge: true },
  implementations: [
    choice("likely", {
      prompt: "{{text}}\nWhoever wrote this is",
      words: { good: "happy", bad: "sad" },
      calibration: [{ text: "The tea was cold." }, { text: "What a view!" }],
    }),
    structured("schema", { capabilities: { languages: ["en"] } }),
    native("marks", ({ text }) => ({ mood: text.includes("!") ? "good" : "bad" }), { inline: true }),
  ],
});
// #endregion

test("a program - declares its choice, what its implementations can do, and how they are chosen", () => {
  assert.deepEqual(mood.declaration, {
    name: "mood",
    signature: 'text: str -> mood: Literal["good", "bad"]',
    implementations: [
      {
        name: "likely",
        kind: "choice",
        prompt: "{{text}}\nWhoever wrote this is",
        words: { good: "happy", bad: "sad" },
        calibration: [{ text: "The tea was cold." }, { text: "What a view!" }],
      },
      { name: "schema", kind: "structured", capabilities: { languages: ["en"] } },
      { name: "marks", kind: "native", inline: true },
    ],
    routing: { prefer: "quality", hedge: true },
  });
  assert.deepEqual([...mood.functions.keys()], ["mood/marks"]);
  assert.equal(definitionOf(mood.declaration).implementations.length, 3);
});

test("a program - says nothing of routing where it was not asked", () => {
  const { declaration } = defineProgram("mood", "text: str -> good: bool", {
    implementations: [choice("likely")],
  });
  assert.deepEqual(declaration, {
    name: "mood",
    signature: "text: str -> good: bool",
    implementations: [{ name: "likely", kind: "choice" }],
  });
  // @ts-expect-error: a preference that is none
  defineProgram("mood", "text: str -> good: bool", { routing: { prefer: "fun" }, implementations: [] });
});
