import assert from "node:assert/strict";
import { test } from "node:test";
import type { PipelineAnalysis } from "../../../client/mod.ts";
import { profileLines } from "./profile-lines.ts";

type Profile = PipelineAnalysis["split"]["native"];

const NONE: Profile = {
  requests: 0,
  measured: 0,
  queueMs: 0,
  failedMs: 0,
  routeMs: 0,
  decodeMs: 0,
  encodeMs: 0,
  validateMs: 0,
  modelMs: 0,
  codeMs: 0,
  transferMs: 0,
  totalMs: 0,
  runMs: 0,
};
const python: Profile = {
  ...NONE,
  requests: 2,
  measured: 2,
  queueMs: 100,
  routeMs: 1,
  decodeMs: 2,
  encodeMs: 3,
  validateMs: 4,
  modelMs: 500,
  codeMs: 380,
  transferMs: 10,
  totalMs: 1_000,
  runMs: 889,
};
const plain = (_: unknown, text: string) => text;

test("a profile - a line for each part, with its share; what is of no kind is left out", () => {
  assert.deepEqual(profileLines({ native: NONE, python }, plain), [
    "",
    "where the time of requests went",
    "                  Python, 2 requests",
    "queue             █▋                  10 %   100 ms",
    "routing                               0.1 %  1 ms",
    "serialisation     ▏                   0.5 %  5 ms",
    "validation        ▏                   0.4 %  4 ms",
    "model             ████████            50 %   500 ms",
    "code              ██████▏             38 %   380 ms",
    "log and transfer  ▏                   1 %    10 ms",
    "all                                          1.0 s",
  ]);
});

test("a profile - failures only where there are some, and results without parts are said to have none", () => {
  const lines = profileLines({ native: { ...python, measured: 1, failedMs: 7 }, python: NONE }, plain);
  assert.ok(lines.some((line) => /^failed attempts .* 0.7 % +7 ms$/.test(line)));
  assert.match(lines.at(-1) ?? "", /^1 of them told no parts: /);
});

test("a profile - of no requests is nothing", () => {
  assert.deepEqual(profileLines({ native: NONE, python: NONE }, plain), []);
});
