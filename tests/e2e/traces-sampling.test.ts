// What of the traces is left where the share of those that are recorded is 0.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { startOtlpReceiver } from "../kit/otlp-receiver.ts";
import { startSystem } from "./running-system.ts";

const CONFIG = fileURLToPath(new URL("./traces-app/dspex.config.ts", import.meta.url));

test("sampling 0 - sends nothing, and the trace's context travels all the same", async () => {
  await using receiver = await startOtlpReceiver();
  await using model = await startFakeModelServer(
    says(JSON.stringify({ reasoning: "it is", answer: "blue" })),
  );
  process.env.DSPEX_TEST_MODEL_URL = model.baseUrl;
  process.env.DSPEX_TEST_MODEL_KEY = "none-of-it-matters";
  const flags = ["--config", CONFIG, "--otlp-endpoint", receiver.endpoint, "--sampling", "0"];
  await using system = await startSystem({ arguments: flags });
  const dspex = await system.client();
  const run = await dspex.program("reason").submit({ question: "Which color has the sky?" });
  assert.equal((await run.result()).status, "succeeded");
  const [request, work, result] = (await Array.fromAsync(run.events())) as { traceparent?: string }[];
  assert.equal(request?.traceparent, undefined);
  assert.match(String(work?.traceparent), /-00$/);
  assert.equal(result?.traceparent?.slice(0, 35), work?.traceparent?.slice(0, 35));
  await dspex.close();
  // Every process sends what it has when it ends.
  await system.end("SIGTERM");
  assert.deepEqual(receiver.paths, []);
});
