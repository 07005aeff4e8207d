// What validators say of values: one table for both languages.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../services/native/modules/validators/mod.ts";
import { ROOT } from "./doc-blocks.ts";

export interface ValidatorCase {
  name: string;
  value: unknown;
  check: Check;
  valid: boolean;
  score?: number;
  /** Path, message, and where it has one the place in code points; absent = some, that are not told here. */
  problems?: [path: string, message: string, start?: number, end?: number][];
}

const FILE = join(ROOT, "services/native/modules/validators/fixtures/cases.json");

export const validatorCases = JSON.parse(readFileSync(FILE, "utf8")) as ValidatorCase[];
