// `dspex variable` against the real variables service.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { VARIABLE_EVENTS_FILTER } from "../../schemas/subjects.ts";
import { main } from "../../services/app/cli/main.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex, VariableUpdate } from "../../services/client/mod.ts";
import { LogReader } from "../../services/log/read.ts";
import { variable } from "../../services/programs/mod.ts";
import { startVariables } from "../../services/variables/main.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { runDspex } from "./run-dspex.ts";

const variables = [
  variable.float("temperature", { min: 0, max: 2, step: 0.05, default: 0.7 }),
  variable.choice("tone", { choices: ["formal", "casual"], default: "casual" }),
  variable.integer("least", { min: 0, max: 100, default: 10 }),
  variable.integer("most", {
    min: 0,
    max: 100,
    default: 50,
    description: "of a page",
    constraints: [{ expression: "least <= most" }],
  }),
  variable.integer("range", { min: 0, max: 100, expression: "most - least" }),
];

let system: TestSystem;
let service: Part;
let client: Dspex;
let reader: LogReader;
before(async () => {
  system = await startSystem({ users: [{ name: "guest" }] });
  service = await startVariables(system.settings("variables"), { variables });
  client = await system.client();
  reader = await LogReader.open(await system.nats.connectAs("gateway"));
});
after(async () => {
  await service?.stop();
  await system?.[Symbol.asyncDispose]();
});
const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: system.nats.home });

test("dspex variable - lists, shows, sets, tells the history, resets, deprecates", async () => {
  const { version } = await client.variables.get("tone");
  const list = await dspex("variable", "list", "t*");
  assert.equal(list.exitCode, 0, list.err);
  assert.match(list.out, /^variable +value +kind +may be\n/);
  assert.match(list.out, /\ntemperature +0\.7 +float +0 … 2 by 0\.05 +version \d+\n/);
  assert.match(list.out, /\ntone +"casual" +choice +"formal" \| "casual" +version \d+\n$/);
  const set = await dspex(
    "variable",
    "set",
    "temperature=0.5",
    "tone=formal",
    "--reason",
    "by hand",
    "--expect",
    `tone=${version}`,
  );
  assert.equal(set.exitCode, 0, set.err);
  assert.deepEqual(set.out.trimEnd().split("\n").toSorted(), [
    "temperature = 0.5  version 2",
    `tone = "formal"  version ${version + 1}`,
  ]);
  assert.equal((await dspex("variable", "set", "tone=formal")).out, "unchanged\n");
  const stale = await dspex("variable", "set", "tone=casual", "--expect", `tone=${version}`);
  assert.equal(stale.exitCode, 1);
  assert.match(stale.err, new RegExp(`conflict: variable "tone" has version ${version + 1}, not ${version}`));
  const wrong = await dspex("variable", "set", "temperature=9");
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.err, /9 is above 2, the most that it may be/);
  assert.equal((await dspex("variable", "get", "nobody")).exitCode, 5);
  assert.match((await dspex("variable", "get", "most")).out, /\nconstraint +least <= most\n/);
  const history = await dspex("variable", "history", "tone", "--json");
  assert.equal((history.json() as { reason?: string }[])[0]?.reason, "by hand");
  assert.match(
    (await dspex("variable", "history", "temperature")).out,
    /\n2 +\S+ +changed +0\.5 +local +by hand\n/,
  );
  assert.match((await dspex("variable", "reset", "temperature")).out, /^temperature = 0\.7 {2}version 3\n$/);
  assert.match(
    (await dspex("variable", "get", "range")).out,
    /\ncomputed +most - least\ndepends on +least, most\n/,
  );
  assert.equal((await dspex("variable", "set", "tone=casual", "--user", "guest")).exitCode, 4);
});

test("dspex variable register, deprecate - declare from a file, and retire", async () => {
  const file = join(system.nats.home, "variables.json");
  writeFileSync(file, JSON.stringify([{ name: "old", kind: "boolean", default: true }]));
  const registered = await dspex("variable", "register", file, "--reason", "tried out");
  assert.equal(registered.out, "old = true  version 1\n", registered.err);
  assert.equal((await dspex("variable", "register", file)).out, "unchanged\n");
  writeFileSync(file, JSON.stringify({ name: "odd", kind: "float", min: 2, max: 1, default: 1 }));
  const wrong = await dspex("variable", "register", file);
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.err, /min 2 is above max 1/);
  const needed = await dspex("variable", "deprecate", "least");
  assert.equal(needed.exitCode, 1);
  assert.match(needed.err, /conflict: variable "least" is needed by most, range/);
  assert.equal(
    (await dspex("variable", "deprecate", "old", "--replaced-by", "tone")).out,
    "deprecated old\n",
  );
  assert.equal((await dspex("variable", "deprecate", "old")).out, "unchanged: old\n");
  assert.match(
    (await dspex("variable", "list", "--deprecated")).out,
    /\nold +true +boolean .*deprecated, use tone\n/,
  );
  assert.equal((await dspex("variable", "list", "old")).out, "no variables\n");
  assert.match(
    (await dspex("variable", "set", "old=false")).err,
    /gone: variable "old" is deprecated, use "tone"/,
  );
});

test("dspex variable watch - shows what happens, also what was refused, until Ctrl-C", async () => {
  const ended = new AbortController();
  const from = String(((await reader.last(VARIABLE_EVENTS_FILTER))?.sequence ?? 0) + 1);
  const { value } = await client.variables.get("tone");
  const other = value === "formal" ? "casual" : "formal";
  await client.variables.set({ tone: other }, { reason: "watched" });
  await assert.rejects(client.variables.set({ tone: "rude" }));
  const lines: string[] = [];
  const exitCode = await main(["variable", "watch", "tone", "--rejected", "--from", from, "--json"], {
    output: {
      write: (text) => {
        lines.push(text);
        if (lines.length === 2) ended.abort();
      },
    },
    variables: { DSPEX_HOME: system.nats.home },
    interrupted: ended.signal,
  });
  assert.equal(exitCode, 0);
  const [changed, refused] = lines.map((line) => JSON.parse(line) as VariableUpdate);
  assert.deepEqual([changed?.verb, changed?.reason], ["changed", "watched"]);
  assert.equal(refused?.verb === "rejected" && refused.error.code, "invalid_inputs");
});
