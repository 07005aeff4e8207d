import assert from "node:assert/strict";
import { test } from "node:test";
import type { Appender } from "../bus/append.ts";
import { AppendRefused } from "../bus/append-errors.ts";
import type { ApiRequest } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { programEndpoints } from "./serve.ts";

const ID = "local.c.1";
const RESULT = { data: { id: ID, status: "succeeded", program: "mood" } };

/** A log whose subject of the judgement holds `stored` of what was sent when the server says that it is taken. */
function judging(stored: (sent: string) => string | undefined) {
  let held: string | undefined;
  const appender = {
    async append(subject: string, data: string) {
      held = stored(data);
      throw new AppendRefused(subject, {
        code: 400,
        err_code: 10_071,
        description: "wrong last sequence: 7",
      });
    },
  };
  const reader = {
    async last(subject: string) {
      if (subject === `dspex.result.${ID}`) return { sequence: 5, json: () => RESULT };
      return held === undefined ? null : { sequence: 7, json: () => JSON.parse(held as string) };
    },
  };
  const endpoints = programEndpoints({
    appender: appender as unknown as Appender,
    reader: reader as unknown as LogReader,
    registry: undefined as never,
    canaries: undefined as never,
    define: undefined as never,
    source: "programs/1",
  });
  const request = {
    user: "local",
    tokens: ["feedback", ...ID.split(".")],
    json: () => ({ score: 1 }),
  };
  return endpoints.find(({ name }) => name === "feedback")?.answer?.(request as unknown as ApiRequest);
}

test("feedback - that is stored though its acknowledgement was lost counts", async () => {
  assert.deepEqual(await judging((sent) => sent), { body: {} });
});

test("feedback - that finds another one there is a duplicate", async () => {
  assert.deepEqual(await judging((sent) => JSON.stringify({ ...JSON.parse(sent), id: "earlier" })), {
    body: { duplicate: true },
  });
});

test("feedback - that was refused for one which this replica has not yet is a duplicate", async () => {
  assert.deepEqual(await judging(() => undefined), { body: { duplicate: true } });
});
