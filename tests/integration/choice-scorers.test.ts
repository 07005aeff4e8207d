// What an optimisation measured is what a promoted version answers: the optimizer pool's scorer and the native choice give the
// same scores for the same prompts, and pick the same labels.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseSignature } from "../../schemas/signature/mod.ts";
import { createModelAdapters, type ModelSettings } from "../../services/native/adapters/mod.ts";
import { says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { leaningLlama, sentences } from "../kit/sentences.config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SCRIPT = fileURLToPath(new URL("../kit/choice_scores.py", import.meta.url));
const SIGNATURE = parseSignature('text: str -> label: Literal["positive", "negative"]');
const LABELS = ["positive", "negative"];
const INPUTS = sentences(12).map(({ inputs }) => inputs);
const CALIBRATION = sentences(20).map(({ inputs }) => inputs);
const CHOICES: Record<string, Pick<ModelSettings, "prompt" | "words" | "weight" | "more">> = {
  "one prompt": { prompt: "Text: {{text}}\nMood:" },
  "demonstrations and other words": {
    prompt: "Text: a lovely day\nMood: good\n\nText: {{ text }}\nMood: ",
    words: { positive: "good", negative: "bad" },
  },
  "several prompts": {
    prompt: "Text: {{text}}\nMood:",
    weight: 0.7,
    more: [
      { prompt: '"{{text}}"\nThe mood is', weight: 1.9 },
      { prompt: "{{text}}\nIs it good?", words: { positive: "great", negative: "terrible" }, weight: 0.25 },
    ],
  },
};

const FITTED = { ...CHOICES["several prompts"], offsets: { positive: 4.3, negative: -4.3 } };

for (const [name, choice] of Object.entries({ ...CHOICES, "several prompts and offsets": FITTED }))
  test(`a choice - with ${name} is scored alike in both places`, async () => {
    await using server = await startFakeModelServer(says("none"), leaningLlama().endpoints);
    const model = server.model();
    const job = {
      baseUrl: model.baseUrl,
      labels: LABELS,
      choice,
      calibration: CALIBRATION,
      inputs: INPUTS,
    };
    const measured = await scoredByPool(job);
    const adapters = createModelAdapters({ variables: {} });
    const call = (inputs: object, means?: Record<string, number>) =>
      adapters.choice.call({
        model,
        signature: SIGNATURE,
        inputs: inputs as Record<string, unknown>,
        settings: choice,
        signal: new AbortController().signal,
        ...(means !== undefined && { means }),
      });
    const leanings = await Promise.all(CALIBRATION.map(async (inputs) => (await call(inputs)).choice));
    const calibrated = Object.fromEntries(
      LABELS.map((label) => [
        label,
        leanings.reduce((sum, one) => sum + (one?.labelScores[label] ?? 0), 0) / leanings.length,
      ]),
    );
    const means = choice === FITTED ? FITTED.offsets : calibrated;
    for (const [n, inputs] of INPUTS.entries()) {
      const answer = await call(inputs, means);
      const pool = measured[n];
      assert.equal(answer.outputs.label, pool?.label, inputs.text);
      for (const [at, label] of LABELS.entries()) {
        const native = answer.choice?.labelScores[label] ?? Number.NaN;
        assert.ok(Math.abs(native - (pool?.scores[at] ?? 0)) < 1e-9, `${inputs.text}: ${native}`);
      }
    }
    assert.equal(new Set(measured.map(({ label }) => label)).size, 2, "calibrated, it says both");
  });

async function scoredByPool(job: object): Promise<{ label: string; scores: number[] }[]> {
  const running = promisify(execFile)(`${ROOT}.venv/bin/python`, [SCRIPT], {
    env: { ...process.env, PYTHONPATH: `${ROOT}python-pools` },
  });
  running.child.stdin?.end(JSON.stringify(job));
  return JSON.parse((await running).stdout) as { label: string; scores: number[] }[];
}
