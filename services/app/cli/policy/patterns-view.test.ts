import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pattern } from "../../../learning/patterns/report.ts";
import { patternLines } from "./patterns-view.ts";

const plainly = (_style: string, text: string) => text;
const said = (...patterns: Pattern[]) =>
  patternLines({ programs: [{ program: "triage", patterns }], omitted: 0 }, plainly).slice(1);

test("a change of an arm - says which way, with its evidence", () => {
  const drift: Pattern = {
    pattern: "drift",
    time: "2026-11-24T05:36:00.000Z",
    arm: "small@0a1b",
    sequence: 4711,
    channel: "immediate",
    direction: "worse",
    evidence: 12.34,
    before: 0.81,
    after: 0.32,
    observations: 9,
  };
  assert.deepEqual(said(drift, { ...drift, channel: "quality", direction: "better" }), [
    "  small@0a1b got worse at 2026-11-24T05:36:00.000Z (#4711): reward without quality 0.81 → 0.32; evidence 12.3 deviations",
    "  small@0a1b got better at 2026-11-24T05:36:00.000Z (#4711): quality 0.81 → 0.32; evidence 12.3 deviations",
  ]);
});

test("failing inputs - by request, and by shape", () => {
  const request: Pattern = {
    pattern: "failing-request",
    requestHash: "9f86d081884c7d659a2f",
    atLeast: 4,
    atMost: 6.2,
    lastSequence: 90,
    lastTime: "2026-11-24T05:36:00.000Z",
    code: "lm_timeout",
  };
  const shape: Pattern = {
    pattern: "failing-shape",
    task: "text/high/other",
    length: 3,
    requests: 40.4,
    failureRate: 0.5,
    elsewhere: 0.02,
    z: 9.01,
  };
  assert.deepEqual(said(request, shape), [
    "  the same request fails again and again: 4 to 6 times, last at 2026-11-24T05:36:00.000Z (#90) with lm_timeout; hash 9f86d081884c",
    "  text/high/other, 4,096 bytes or more: 50 % of 40 fail, elsewhere 2 %; 9.0 standard errors",
  ]);
});

test("effects - of the hour and of the length", () => {
  const hour = { pattern: "hour-of-day", implementation: "small", hour: 23, attempts: 60, z: -5 } as const;
  const length: Pattern = {
    pattern: "input-length",
    arm: "small@0a1b",
    task: "label/low/english",
    length: 0,
    what: "time",
    attempts: 30,
    here: 0.4,
    elsewhere: 0.7,
    z: -4.4,
  };
  assert.deepEqual(
    said(
      { ...hour, what: "success", here: 0.6, elsewhere: 0.95 },
      { ...hour, what: "latency", here: 3.21, elsewhere: 1 },
      length,
    ),
    [
      "  small, 23 to 00 h UTC: 60 % succeed, at other hours 95 % (60 attempts); 5.0 standard errors",
      "  small, 23 to 00 h UTC: takes 3.2 times as long as at other hours (60 attempts); 5.0 standard errors",
      "  small@0a1b, label/low/english, under 128 bytes: time kept 0.40, else 0.70 (30 attempts); 4.4 standard errors",
    ],
  );
});

test("no patterns - and more than an answer holds", () => {
  assert.deepEqual(patternLines({ programs: [], omitted: 0 }, plainly), ["nothing stands out"]);
  const cut = patternLines({ programs: [{ program: "triage", patterns: [] }], omitted: 3 }, plainly);
  assert.equal(cut.at(-1), "3 more patterns: ask for one program with --program");
});
