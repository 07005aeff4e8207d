import assert from "node:assert/strict";
import test from "node:test";
import { countsOf } from "./pytest.ts";

const cases: [line: string, exitCode: number, passed: number, failed: number][] = [
  ["==== 31 passed in 4.20s ====", 0, 31, 0],
  ["==== 2 failed, 31 passed, 1 error in 4.20s ====", 1, 31, 3],
  ["==== 1 passed, 2 errors in 0.10s ====", 2, 1, 2],
  ["==== 904 passed, 4 deselected in 2.30s ====", 0, 904, 0],
  ["==== 4 deselected in 0.05s ====", 5, 0, 0],
  ["==== no tests ran in 0.01s ====", 4, 0, 1],
  ["Fatal Python error: Segmentation fault", 139, 0, 1],
];

for (const [line, exitCode, passed, failed] of cases) {
  test(`countsOf - "${line}" with exit code ${exitCode}`, () => {
    assert.deepEqual(countsOf(line, exitCode), { passed, failed });
  });
}
