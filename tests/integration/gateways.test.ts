// Several gateways of one namespace: what one of them has begun goes on at that one, whatever else they share.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apiSubject } from "../../schemas/subjects.ts";
import { startGateway } from "../../services/gateway/main.ts";
import config from "../kit/functions.config.ts";
import { startSystem } from "../kit/start-system.ts";

test("large values - arrive whole, whichever gateway takes their pieces", async () => {
  await using system = await startSystem({ programs: config.declarations, functions: config.functions });
  const second = await startGateway(system.settings("gateway", 2));
  const third = await startGateway(system.settings("gateway", 3));
  try {
    const client = await system.client();
    const echo = client.program("echo");
    for (let n = 0; n < 4; n++) {
      const text = String(n).repeat(600_000);
      assert.deepEqual(await echo({ text }), { echo: text });
    }
  } finally {
    await second.stop();
    await third.stop();
  }
});

test("an upload that nobody has, and a piece with nothing in it - are refused", async () => {
  await using system = await startSystem();
  const connection = await system.nats.connectAs("local");
  const api = async (verb: string, body: string) => {
    const answer = await connection.request(apiSubject("local", verb), body, { timeout: 20_000 });
    return answer.json() as { upload?: string; code?: string };
  };
  assert.equal((await api("object.put.none.0", "x")).code, "not_found");
  const about = { sizeBytes: 3, sha256: "0".repeat(64), contentType: "text/plain" };
  const { upload } = await api("object.put", JSON.stringify(about));
  assert.equal((await api(`object.put.${upload}.0`, "")).code, "invalid_inputs");
  assert.equal((await api(`object.put.${upload}.0`, "abcd")).code, "payload_too_large");
  assert.equal((await api(`object.put.${upload}.0`, "abc")).code, "not_found");
});
