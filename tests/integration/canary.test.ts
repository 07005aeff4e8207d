// A new version that is tried beside the one in use, on the whole system with deterministic functions: the evidence of its
// requests promotes or withdraws it, its failures reach nobody, and every decision comes out the same again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { CanaryEvidence } from "../../schemas/messages/version-event.ts";
import { programEventSubject } from "../../schemas/subjects.ts";
import { Api } from "../../services/client/api.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { LogReader } from "../../services/log/read.ts";
import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";
import { startPrograms } from "../../services/programs/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

interface Inputs {
  n: number;
}
const old = native("old", ({ n }: Inputs) => ({ answer: n }), { inline: true });
/** Fails on every second input. */
const shaky = native(
  "shaky",
  ({ n }: Inputs) => {
    if (Number(n) % 2 === 1) throw new Error("an odd number");
    return { answer: n };
  },
  { inline: true },
);
const broken = native(
  "broken",
  () => {
    throw new Error("it never works");
  },
  { inline: true },
);
const fresh = native("fresh", ({ n }: Inputs) => ({ answer: n }), { inline: true });
type Given = Parameters<typeof defineProgram<"n: int -> answer: int">>[2]["implementations"];
const program = (name: string, implementations: Given) =>
  defineProgram(name, "n: int -> answer: int", { implementations });
/** What is in use, and the same with what is new. */
const BASE = defineConfig({
  programs: [
    program("better", [shaky]),
    program("worse", [old]),
    program("judged", [old]),
    program("by-hand", [old]),
    program("equal", [old]),
  ],
});
const NEW = defineConfig({
  programs: [
    program("better", [fresh, shaky]),
    program("worse", [broken, old]),
    program("judged", [fresh, old]),
    program("by-hand", [fresh, old]),
    program("equal", [fresh, old]),
  ],
});

let system: TestSystem;
let client: Dspex;
let api: Api;
let reader: LogReader;

before(async () => {
  system = await startSystem({ programs: BASE.declarations, functions: NEW.functions, routers: 2 });
  client = await system.client();
  api = new Api(client.connection, client.user);
  reader = await LogReader.open(await system.nats.connectAs("gateway"));
});
after(async () => {
  await system[Symbol.asyncDispose]();
});

const change = (verb: string, body: object) => api.request({ verb: `program.${verb}`, body, admin: true });

/** The new version, registered and then replaced by what was in use: a version beside it. */
async function versionsOf(name: string): Promise<{ version: string; base: string }> {
  const { version: base } = await client.describe(name);
  const declared = NEW.declarations.find((one) => one.name === name);
  const { version } = (await change("register", declared as object)) as { version: string };
  await change("register", BASE.declarations.find((one) => one.name === name) as object);
  return { version, base };
}
interface Versions {
  current: string;
  canary?: { version: string; share: number; evidence?: CanaryEvidence };
}
const versions = async (name: string) =>
  (await api.request({ verb: "program.versions", body: { name } })) as Versions;

/** Until there is no canary any more; every request has to be answered. */
async function askUntilOver(name: string, judge?: (implementation: string) => number): Promise<number> {
  let asked = 0;
  while ((await versions(name)).canary !== undefined) {
    assert.ok(asked < 4_000, "no verdict within 4,000 requests");
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const n = 2 * asked++;
        const run = await client.program(name).submit({ n });
        const result = await run.result();
        assert.deepEqual(result.outputs, { answer: n });
        if (judge !== undefined) await run.feedback(judge(result.implementation ?? ""));
      }),
    );
  }
  return asked;
}
interface Judged {
  version: string;
  by: string;
  reason: string;
  evidence: CanaryEvidence;
}
const last = async (name: string, verb: string) =>
  ((await reader.last(programEventSubject(name, verb)))?.json() as { data: Judged } | undefined)?.data;

test("a version that fails less - is promoted by what its requests show, and only then in use", async () => {
  const { version, base } = await versionsOf("better");
  await change("canary", { name: "better", version, share: 0.5 });
  assert.equal((await client.describe("better")).version, base);
  let asked = 0;
  while ((await versions("better")).canary !== undefined) {
    assert.ok(asked < 4_000);
    const batch = Array.from({ length: 40 }, () => client.program("better").submit({ n: asked++ }));
    await Promise.allSettled(batch.map(async (run) => (await run).result()));
  }
  const promoted = await last("better", "promoted");
  assert.deepEqual([promoted?.version, promoted?.by], [version, "canary"]);
  const [success] = promoted?.evidence.channels ?? [];
  assert.ok(success?.channel === "success" && success.canary.mean === 1 && success.others.mean < 0.9);
  assert.ok(success.better >= (promoted?.evidence.threshold ?? Infinity));
  await until(async () => (await versions("better")).current === version);
});

test("a version that never works - is withdrawn, and nobody who asked has noticed", async () => {
  const { version, base } = await versionsOf("worse");
  await change("canary", { name: "worse", version, share: 0.2 });
  const asked = await askUntilOver("worse");
  const withdrawn = await last("worse", "withdrawn");
  assert.deepEqual([withdrawn?.version, withdrawn?.by], [version, "canary"]);
  assert.match(withdrawn?.reason ?? "", /^worse: its first attempts succeed 0\.0 %/);
  assert.equal((await versions("worse")).current, base);
  assert.ok(asked < 1_500, `${asked} requests`);
});

test("a version that is judged better - is promoted by feedback, over a restart of the service, once by two", async () => {
  const { version } = await versionsOf("judged");
  await change("canary", { name: "judged", version, share: 0.5 });
  const second = await startPrograms(system.settings("programs", 2), { declarations: BASE.declarations });
  const judge = (implementation: string) => (implementation === "fresh" ? 1 : 0.3);
  for (let n = 0; n < 20; n++) {
    const run = await client.program("judged").submit({ n });
    await run.feedback(judge((await run.result()).implementation ?? ""));
  }
  await second.stop();
  // What it knows, another one knows from the log.
  const third = await startPrograms(system.settings("programs", 2), { declarations: BASE.declarations });
  try {
    await askUntilOver("judged", judge);
    const promoted = await last("judged", "promoted");
    assert.equal(promoted?.version, version);
    const score = promoted?.evidence.channels.find(({ channel }) => channel === "score");
    assert.ok((score?.canary.mean ?? 0) === 1 && (score?.others.mean ?? 1) < 0.31);
    assert.equal((await reader.some(programEventSubject("judged", "promoted"), 1, 10)).length, 1);
  } finally {
    await third.stop();
  }
});

test("a canary - is refused where it cannot be one, promoted and withdrawn by hand, told on the command line", async () => {
  const dspex = (...line: string[]) =>
    runDspex(line, { home: system.nats.home, variables: { NATS_URL: system.nats.url } });
  const { version, base } = await versionsOf("by-hand");
  const other = await versionsOf("equal");
  await assert.rejects(change("canary", { name: "by-hand", version: "none" }), { code: "unknown_version" });
  await assert.rejects(change("canary", { name: "by-hand", version: base }), { code: "conflict" });
  await assert.rejects(change("canary", { name: "by-hand", version, share: 0.9 }), {
    code: "invalid_inputs",
  });
  const started = await dspex("versions", "canary", "by-hand", version, "--share", "0.25");
  assert.equal(started.out, `trying: by-hand ${version} with 25 % of the requests\n`, started.err);
  const listed = await dspex("versions", "list", "by-hand");
  assert.match(listed.out, new RegExp(`^~ ${version} .*canary with 25 %`, "m"));
  assert.equal((await dspex("versions", "withdraw", "by-hand", version)).exitCode, 0);
  assert.equal((await versions("by-hand")).canary, undefined);
  await change("canary", { name: "equal", version: other.version, share: 0.5 });
  await change("promote", { name: "equal", version: other.version });
  const { current, canary } = await versions("equal");
  assert.deepEqual([current, canary], [other.version, undefined]);
  assert.equal((await dspex("versions", "canary", "equal", "none")).exitCode, 5);
});

test("a canary - that shows nothing within its most outcomes is withdrawn", async () => {
  const { version } = await versionsOf("by-hand");
  await change("canary", { name: "by-hand", version, share: 0.5, maxOutcomes: 20 });
  await askUntilOver("by-hand");
  assert.match((await last("by-hand", "withdrawn"))?.reason ?? "", /have not shown that it is better/);
});

test("every decision - with and without a canary, comes out the same again", async () => {
  const ran = await runDspex(["replay", "--verify", "--json"], {
    home: system.nats.home,
    variables: { NATS_URL: system.nats.url },
  });
  assert.equal(ran.exitCode, 0, ran.err);
  const { verified, same, different, notCheckable } = ran.json() as Record<string, unknown>;
  assert.deepEqual([verified, different, notCheckable], [true, 0, 0]);
  assert.ok(Number(same) > 300);
});
