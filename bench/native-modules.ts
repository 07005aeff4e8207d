// What do native templates and validators cost, and what do their twins in Python?
//
// CPU of one call in µs. Python is measured in a process of its own before this one, without what a call over a bus
// would add.

import { renderTemplate } from "../services/native/modules/templates/mod.ts";
import { type Check, readJson, redactPii, validate } from "../services/native/modules/validators/mod.ts";
import { PythonReference } from "../tests/kit/python-reference.ts";
import { type MicroCase, micro } from "./kit/micro.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";

const settings = benchSettings({ rounds: 5, seconds: 0.1 });
if (settings.short) settings.roundMs = 5;
const report = new Report(import.meta.filename, settings);

const PARAGRAPH =
  "The new tram of the town carried 1,200 people on its first day [1]. In all 17 + 25 = 42 stops were served, " +
  "and “the bridge over the river” was closed [2]. Write to info@example.org or call +49 30 1234567. ";
const article = PARAGRAPH.repeat(20);
const sources = ["The new tram carried 1,200 people on its first day.", PARAGRAPH.repeat(5)];
const template =
  "{{ title | upcase }}\n{% for item in items %}{% if item.price > 2 %}- {{ item.name }}: {{ item.price | round: 1 }}\n{% endif %}{% endfor %}";
const values = {
  title: "list",
  items: Array.from({ length: 20 }, (_, n) => ({ name: `item <${n}>`, price: n / 3 })),
};
const record = { name: "Ann", tags: ["a", "b", "c"], lines: values.items };
const schema = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1 },
    lines: {
      type: "array",
      items: { type: "object", properties: { price: { type: "number", minimum: 0 } }, required: ["price"] },
    },
  },
  required: ["name", "lines"],
};
const json = JSON.stringify(record);
const broken = `Sure, here it is: ${json.replaceAll('"', "'")} – anything else?`;

interface Compared {
  name: string;
  module: "native_templates" | "native_validators";
  program: string;
  inputs: Record<string, unknown>;
  run: () => unknown;
}

function checked(name: string, value: unknown, check: Check): Compared {
  const inputs = { value, checks: [check] };
  return {
    name,
    module: "native_validators",
    program: "validate",
    inputs,
    run: () => validate(value, check),
  };
}

const compared: Compared[] = [
  {
    name: "template with 20 items, html",
    module: "native_templates",
    program: "render-template",
    inputs: { template, values, target: "html", partials: {} },
    run: () => renderTemplate(template, values, { target: "html" }),
  },
  {
    name: "JSON of 1 KB",
    module: "native_validators",
    program: "repair-json",
    inputs: { text: json, want: "any", repair: true },
    run: () => readJson(json),
  },
  {
    name: "the same, broken and with words",
    module: "native_validators",
    program: "repair-json",
    inputs: { text: broken, want: "any", repair: true },
    run: () => readJson(broken),
  },
  checked("schema, 20 lines", record, { check: "schema", schema }),
  checked("pattern, 5,000 characters", article, { check: "pattern", pattern: "(?:sorry|cannot)" }),
  checked("PII, 5,000 characters", article, { check: "pii" }),
  {
    name: "redacted, 5,000 characters",
    module: "native_validators",
    program: "redact-pii",
    inputs: { value: article, kinds: ["email", "iban", "card", "ssn", "ip", "phone"], allow: [] },
    run: () => redactPii(article),
  },
  checked("quotations, 20 of 5,000 characters", article, { check: "quotes", sources }),
  checked("citations, 5,000 characters", article, { check: "citations", sources }),
  checked("arithmetic, 20 of 5,000 characters", article, { check: "arithmetic" }),
  checked("e-mail address", "first.last@example.org", { check: "format", format: "email" }),
];

await using python = new PythonReference();
const there = new Map<string, number[]>();
for (let round = 0; round < settings.rounds; round++) {
  for (const { name, module, program, inputs } of compared) {
    const micros = await python.ask<number>(
      "timed",
      "twin",
      [[module, program, inputs]],
      settings.roundMs / 1_000,
    );
    there.set(name, [...(there.get(name) ?? []), micros]);
  }
}
const here = await micro(compared.map(caseOf), settings);

report.put("native", here);
report.put("python", Object.fromEntries(there));
report.table({
  title: "templates and validators, CPU µs a call",
  columns: ["", "native", "Python", "times as fast"],
  rows: compared.map(({ name }, at) => {
    const own = here[at]?.micros ?? spread([]);
    const other = spread(there.get(name) ?? []);
    return [name, shownSpread(own), shownSpread(other), shown(other.median / own.median)];
  }),
});
report.finish();

function caseOf({ name, run }: Compared): MicroCase {
  return {
    name,
    run: (count) => {
      let last: unknown;
      for (let at = 0; at < count; at++) last = run();
      return last;
    },
  };
}
