// docs/limits.md has every setting and limit, each with the value that the code has, and no row for what is not there.
// A table is told by the comment above it: `<!-- limits <what> -->`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { configSchema } from "../../schemas/config/config.ts";
import { modelSchema } from "../../schemas/config/models.ts";
import * as contract from "../../schemas/limits.ts";
import { UPLOAD_BOUNDS } from "../../services/gateway/uploads.ts";
import { keeperSettings } from "../../services/keeper/mod.ts";
import { learningConfigSchema } from "../../services/learning/config.ts";
import { LEARNER_BOUNDS } from "../../services/learning/fold/state.ts";
import { TEMPLATE_LIMITS } from "../../services/native/modules/templates/mod.ts";
import { CHECK_LIMITS } from "../../services/native/modules/validators/mod.ts";
import { pipelinesConfigSchema } from "../../services/pipelines/config.ts";
import { RUN_BOUNDS } from "../../services/pipelines/run/bounds.ts";
import { PIPELINES_BOUNDS } from "../../services/pipelines/state.ts";
import { routerConfigSchema } from "../../services/router/config.ts";
import { ROUTER_BOUNDS } from "../../services/router/state.ts";
import { sessionsConfigSchema } from "../../services/sessions/config.ts";
import { SESSIONS_BOUNDS } from "../../services/sessions/state.ts";
import { VIEW_BOUNDS } from "../../services/sessions/turns.ts";
import { poolSettingsSchema, supervisorLimitsSchema } from "../../services/supervisor/config.ts";
import { variablesConfigSchema } from "../../services/variables/config.ts";
import { readPage, tableRows } from "../kit/doc-blocks.ts";

const PAGE = "docs/limits.md";

const values: Record<string, object> = {
  contract,
  config: configSchema.parse({}),
  model: modelSchema.omit({ model: true }).parse({}),
  router: { ...routerConfigSchema.parse({}), bounds: ROUTER_BOUNDS },
  learning: { ...learningConfigSchema.parse({}), bounds: LEARNER_BOUNDS },
  sessions: { ...sessionsConfigSchema.parse({}), bounds: { ...SESSIONS_BOUNDS, view: VIEW_BOUNDS } },
  pipelines: { ...pipelinesConfigSchema.parse({}), bounds: { ...PIPELINES_BOUNDS, run: RUN_BOUNDS } },
  variables: variablesConfigSchema.parse({}),
  keeper: keeperSettings.parse({}),
  supervisor: {
    ...supervisorLimitsSchema.parse({}),
    pool: poolSettingsSchema.omit({ pool: true, modules: true }).parse({}),
  },
  gateway: UPLOAD_BOUNDS,
  templates: TEMPLATE_LIMITS,
  checks: CHECK_LIMITS,
};

/** Rows of each marked table: name → value as it is written. */
function tables(): Map<string, Map<string, string>> {
  const found = readPage(PAGE).matchAll(/<!-- limits (\w+) -->\n+((?:\|.*\n)+)/g);
  return new Map(
    [...found].map(([, name = "", text = ""]) => {
      const rows = tableRows(text).flatMap(([key = "", value = ""]): [string, string][] =>
        /^`[^`]+`$/.test(key) ? [[key.slice(1, -1), value]] : [],
      );
      return [name, new Map(rows)];
    }),
  );
}

/** Leaves of an object by their path; lists are leaves. */
function leaves(value: object, path = ""): [name: string, value: unknown][] {
  return Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    const name = path === "" ? key : `${path}.${key}`;
    const isInner = typeof member === "object" && member !== null && !Array.isArray(member);
    return isInner ? leaves(member, name) : [[name, member]];
  });
}

const UNITS: readonly (readonly [
  pattern: RegExp,
  units: readonly (readonly [name: string, size: number])[],
])[] = [
  [
    /bytes$/i,
    [
      ["GiB", 1_073_741_824],
      ["MiB", 1_048_576],
      ["KiB", 1_024],
      ["bytes", 1],
    ],
  ],
  [
    /Ms$|_MS$/,
    [
      ["days", 86_400_000],
      ["h", 3_600_000],
      ["min", 60_000],
      ["s", 1_000],
      ["ms", 1],
    ],
  ],
  [
    /_s$/i,
    [
      ["min", 60],
      ["s", 1],
      ["ms", 0.001],
    ],
  ],
];

/** A value as the page writes it: in the largest unit that divides it. */
function written(name: string, value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (typeof value !== "number") return String(value);
  const units = UNITS.find(([pattern]) => pattern.test(name))?.[1];
  const unit = units?.find(([, size]) => Number.isInteger(value / size) && value >= size);
  return unit === undefined
    ? value.toLocaleString("en")
    : `${(value / unit[1]).toLocaleString("en")} ${unit[0]}`;
}

const page = tables();

for (const [name, object] of Object.entries(values)) {
  test(`${PAGE} - the table "${name}" is what the code has`, () => {
    const expected = leaves(object).map(([key, value]) => `| \`${key}\` | ${written(key, value)} |`);
    const actual = [...(page.get(name) ?? [])].map(([key, value]) => `| \`${key}\` | ${value} |`);
    assert.deepEqual(actual.toSorted(), expected.toSorted());
  });
}

test(`${PAGE} - the constants that are no settings are in the files that it names`, () => {
  const rows = tableRows(readPage(PAGE)).flatMap(([name = "", shown = "", where = ""]) => {
    const file = /\]\(\.\.\/([^)]+)\)/.exec(where)?.[1];
    return file === undefined ? [] : [{ name: name.replaceAll("`", ""), shown, file }];
  });
  assert.ok(rows.length > 15);
  const wrong = rows.flatMap(({ name, shown, file }) => {
    const value = constantIn(readPage(file), name);
    const expected = value === undefined ? "not there" : written(name, value);
    return expected === shown ? [] : [`${name} of ${file}: the page says ${shown}, it is ${expected}`];
  });
  assert.deepEqual(wrong, []);
});

/** Value of `const NAME = 16 * 1_048_576` (TypeScript) or `NAME: Final = 5.0` (Python). */
function constantIn(source: string, name: string): number | undefined {
  const found = new RegExp(
    `^(?:export )?(?:const )?${name}(?:: Final)? = ([0-9_.]+)(?: \\* ([0-9_.]+))?;?$`,
    "m",
  );
  const [, first, second = "1"] = found.exec(source) ?? [];
  if (first === undefined) return undefined;
  return Number(first.replaceAll("_", "")) * Number(second.replaceAll("_", ""));
}
