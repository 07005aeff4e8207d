// A model in name only: says the first label that it may say, and tells likelihoods as llama.cpp does. For seeing that the
// benchmark runs.

import { fakeLlama } from "../../tests/kit/fake-llama.ts";
import { says, startFakeModelServer } from "../../tests/kit/fake-model-server.ts";

/** Of both programs. */
const LABELS = ["positive", "negative", "sports", "politics", "science", "business"];

/** Its address is in BENCH_MODEL_URL from then on. */
export async function startPlayedModel(): Promise<AsyncDisposable> {
  const { endpoints } = fakeLlama({
    vocabulary: LABELS.map((label) => ` ${label}`),
    likelihoods: () => Object.fromEntries(LABELS.map((label, at) => [` ${label}`, at + 1])),
  });
  const server = await startFakeModelServer((request, response) => {
    const asked = JSON.stringify(request.response_format ?? request.messages);
    const label = LABELS.find((one) => asked.includes(one)) ?? "positive";
    return says(JSON.stringify({ label }))(request, response);
  }, endpoints);
  process.env.BENCH_MODEL_URL = server.baseUrl;
  return server;
}
