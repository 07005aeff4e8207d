// What the service remembers is bounded whatever comes: by programs, kinds and windows, never by history.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CALIBRATION_BOUNDS, newCalibrations, observeLabels } from "../calibrations/calibrations.ts";
import { FIGURES_BOUNDS, figuresToJson, newFigures, observeFigures } from "../figures/figures.ts";
import {
  HISTORY_BOUNDS,
  historyToJson,
  newHistory,
  observeHistory,
  RESOLUTIONS,
} from "../history/windows.ts";
import { FAILING_BOUNDS, newFailing, observeEnd } from "../patterns/failing-inputs.ts";
import { HOURS_BOUNDS, newHours, observeHour } from "../patterns/hours.ts";
import { evolvePolicy } from "../policy/evolve.ts";
import { initialPolicyState, POLICY_BOUNDS } from "../policy/state.ts";

const usage = { inputTokens: 1, outputTokens: 1 };

test("figures - cells are bounded, and those that were used last are kept", () => {
  const state = newFigures();
  const programs = 50;
  for (let n = 0; n < 2 * FIGURES_BOUNDS.allCells; n++) {
    const cell = `arm-${Math.floor(n / programs)} task`;
    observeFigures(state, `p${n % programs}`, cell, { latencyMs: 1 + (n % 977), usage });
  }
  assert.ok(state.cells <= FIGURES_BOUNDS.allCells);
  assert.equal(
    figuresToJson(state).reduce((sum, [, cells]) => sum + cells.length, 0),
    state.cells,
  );
  assert.ok(state.programs.has(`p${(2 * FIGURES_BOUNDS.allCells - 1) % programs}`));
});

test("a sketch of latencies - has at most so many buckets, and still tells the high ones", () => {
  const state = newFigures();
  for (let n = 0; n < 5_000; n++) {
    observeFigures(state, "p", "a t", { latencyMs: 2 ** ((n * 7_919) % 24), usage });
  }
  const latency = state.programs.get("p")?.get("a t")?.latency;
  assert.ok((latency?.buckets.length ?? 0) <= 2 * FIGURES_BOUNDS.buckets);
  assert.ok((latency?.count ?? 0) <= 401);
});

test("history - keeps the windows of its time, and not more than fit", () => {
  const state = newHistory();
  const observed = { kind: "succeeded", latencyMs: 5, usage } as const;
  for (let minute = 0; minute < 60 * 24 * 40; minute += 7) {
    observeHistory(state, "p", "a", minute * 60_000, observed);
  }
  const series = state.programs.get("p")?.get("a");
  assert.ok(series !== undefined);
  for (const [resolution, { kept }] of Object.entries(RESOLUTIONS)) {
    const windows = series[resolution as keyof typeof RESOLUTIONS];
    assert.ok(
      windows.length <= kept && windows.length >= Math.floor(kept / 7),
      `${resolution}: ${windows.length}`,
    );
    assert.ok((windows.at(-1)?.at ?? 0) - (windows[0]?.at ?? 0) < kept);
  }
  for (let n = 0; n < 40_000; n++) {
    observeHistory(state, `p${n % 600}`, `a${n % 90}`, 3e9 + n * 60_000, observed);
  }
  assert.ok(state.windows <= HISTORY_BOUNDS.windows);
  const counted = historyToJson(state)
    .flatMap(([, all]) => all.map(([, one]) => one.minute.length + one.hour.length + one.day.length))
    .reduce((sum, count) => sum + count, 0);
  assert.equal(counted, state.windows);
});

test("failing inputs - a request that fails often is found among ten thousand that fail once", () => {
  const state = newFailing();
  for (let n = 0; n < 10_000; n++) {
    const hash = n % 10 === 0 ? "often" : `once-${n}`;
    observeEnd(state, "p", { sequence: n, timeMs: n, hash, shape: `t${n % 500}/0`, code: "lm_unavailable" });
  }
  const failing = state.get("p");
  assert.equal(failing?.requests.length, FAILING_BOUNDS.requests);
  assert.equal(failing?.shapes.size, FAILING_BOUNDS.shapes);
  const often = failing?.requests.find(({ hash }) => hash === "often");
  // Space-saving never counts too few, and tells by how much at most it counts too many.
  assert.ok(often !== undefined && often.count >= 1_000 && often.count - often.surplus <= 1_000);
});

test("hours and labels - are bounded", () => {
  const hours = newHours();
  for (let n = 0; n < 1.5 * HOURS_BOUNDS.all; n++) observeHour(hours, `p${n % 700}`, `a${n % 61}`, n, 1);
  assert.ok(hours.size <= HOURS_BOUNDS.all);
  const calibrations = newCalibrations();
  for (let n = 0; n < 2_000; n++)
    observeLabels(calibrations, `p${n % 1_500}`, `a${n % 40}`, { [`l${n}`]: -1 });
  assert.equal(calibrations.size, CALIBRATION_BOUNDS.programs);
  for (let n = 0; n < 200; n++) observeLabels(calibrations, "p", "a", { [`l${n}`]: -1 });
  assert.equal(calibrations.get("p")?.get("a")?.labels.size, CALIBRATION_BOUNDS.labels);
});

test("policies - programs and standings are bounded, and the newest is kept", () => {
  const state = initialPolicyState();
  const arm = {
    arm: "a@1",
    implementation: "a",
    attempts: 1,
    successRate: 1,
    scored: 0,
    meanTokens: 0,
    reward: 1,
    probability: 1,
  };
  for (let version = 1; version <= POLICY_BOUNDS.programs + 500; version++) {
    const strategies = [{ task: "t", arms: Array.from({ length: 60 }, () => arm) }];
    const programs = [{ program: `p${version}`, strategies, calibrations: [] }];
    const updated = {
      version,
      coveredSequence: version,
      outcomes: version,
      settings: state.settings,
      programs,
    };
    evolvePolicy(state, { kind: "policy-updated", sequence: version, updated });
  }
  assert.ok(state.programs.size <= POLICY_BOUNDS.programs && state.standings <= POLICY_BOUNDS.standings);
  assert.ok(state.programs.has(`p${state.version}`));
});
