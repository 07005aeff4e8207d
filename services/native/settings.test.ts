import assert from "node:assert/strict";
import { it } from "node:test";
import { settingsOf } from "./settings.ts";

it("settings - the work's come before the implementation's", () => {
  const declared = {
    name: "s",
    kind: "structured",
    model: "small",
    temperature: 0,
    timeoutMs: 9_000,
  } as const;
  assert.deepEqual(
    settingsOf(declared, { temperature: 0.7, timeoutMs: 500, maxTokens: 12, kind: "structured" }),
    {
      model: "small",
      prompt: undefined,
      temperature: 0.7,
      maxTokens: 12,
      timeoutMs: 500,
      isDeclared: true,
    },
  );
});

it("settings - values of another type are not taken", () => {
  const declared = { name: "p", kind: "plain", prompt: "{{a}}", stop: ["END"] } as const;
  const settings = settingsOf(
    { ...declared, stop: ["END"] },
    { temperature: "hot", prompt: 5, maxTokens: Number.NaN },
  );
  assert.deepEqual(
    [settings.temperature, settings.prompt, settings.maxTokens, settings.stop],
    [undefined, "{{a}}", undefined, ["END"]],
  );
});

it("settings - with another model or prompt a choice is not the one that was declared", () => {
  const declared = { name: "c", kind: "choice" as const, prompt: "{{a}}", words: { true: "yes" } };
  assert.equal(settingsOf(declared, { prompt: "{{a}}" }).isDeclared, true);
  assert.equal(settingsOf(declared, { prompt: "{{a}}!" }).isDeclared, false);
  assert.equal(settingsOf(declared, { model: "large" }).isDeclared, false);
  assert.deepEqual(settingsOf(declared, {}).words, { true: "yes" });
});
