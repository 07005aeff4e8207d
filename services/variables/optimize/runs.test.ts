// What the service does with a search when it comes back later than the lease that the search had.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { resultSubject, variableEventSubject } from "../../../schemas/subjects.ts";
import { until } from "../../../tests/kit/until.ts";
import type { Appender, AppendOptions } from "../../bus/append.ts";
import type { LogReader } from "../../log/read.ts";
import { variablesConfigSchema } from "../config.ts";
import { type Command, decide } from "../decide.ts";
import { applyMessage, initialFold } from "../fold.ts";
import type { Registry } from "../registry.ts";
import { optimizeSchema } from "./command.ts";
import { decideQueue, decideStart } from "./decide.ts";
import type { OptimizationAppend } from "./event.ts";
import { Runs } from "./runs.ts";
import { TUNER_PROGRAM } from "./tuner.ts";

const CONFIG = variablesConfigSchema.parse({ maxQueued: 9, leaseGraceMs: 1_000 });
/** When the run began: its lease is over since long. */
const THEN_MS = 1_000;

interface Message {
  subject: string;
  sequence: number;
  timeMs: number;
  json(): unknown;
}

/** The log with the fold of it, as the service has them. */
class World {
  readonly messages: Message[] = [];
  readonly fold = initialFold();

  put(subject: string, data: object, timeMs = Date.now()): number {
    const message = { subject, sequence: this.messages.length + 1, timeMs, json: () => ({ data }) };
    this.messages.push(message);
    applyMessage(this.fold, message);
    return message.sequence;
  }

  command(command: Command, timeMs?: number): void {
    const decided = decide(this.fold.variables, command);
    if (decided !== undefined) this.put(variableEventSubject(decided.verb), decided.data, timeMs);
  }

  optimization(append: OptimizationAppend | undefined): void {
    assert.ok(append);
    this.put(`dspex.event.optimization.${append.data.run}.${append.verb}`, append.data, THEN_MS);
  }

  find(scope: string): Message[] {
    const pattern = new RegExp(
      `^${scope.replaceAll(".", "\\.").replaceAll("*", "[^.]+").replace(">", ".+")}$`,
    );
    return this.messages.filter(({ subject }) => pattern.test(subject));
  }

  runs(): Runs {
    const { fold } = this;
    const reader = {
      at: async (sequence: number) => this.messages[sequence - 1] ?? null,
      last: async (scope: string) => this.find(scope).at(-1) ?? null,
      next: async (scope: string, from: number) =>
        this.find(scope).find(({ sequence }) => sequence >= from) ?? null,
      some: async (scope: string, from: number, count: number) =>
        this.find(scope)
          .filter(({ sequence }) => sequence >= from)
          .slice(0, count),
    } as unknown as LogReader;
    const appender = {
      append: async (
        subject: string,
        body: string,
        { expectedLastSequence, expectedSubject }: AppendOptions = {},
      ) => {
        const last = this.find(expectedSubject ?? subject).at(-1)?.sequence ?? 0;
        if (expectedLastSequence !== undefined) assert.equal(last, expectedLastSequence);
        return this.put(subject, JSON.parse(body).data);
      },
    } as unknown as Appender;
    const registry = {
      get state() {
        return fold.variables;
      },
      get optimizations() {
        return fold.optimizations;
      },
      passed: async () => {},
      changed: () => new Promise<void>(() => {}),
      snapshotSoon: () => {},
      execute: async (command: Command, isDone: () => boolean) => {
        if (!isDone()) this.command(command);
      },
    } as unknown as Registry;
    return new Runs({
      registry,
      appender,
      reader,
      config: CONFIG,
      source: "variables/1",
      logger: pino({ level: "silent" }),
    });
  }
}

const interval = (mean: number) => ({ mean, low: mean, high: mean, count: 20 });
const report = {
  improved: true,
  verdict: "improved",
  base: { values: { warmth: 0.5 }, objectives: { quality: interval(0.4) } },
  best: { values: { warmth: 1.5 }, objectives: { quality: interval(0.9) } },
  differences: { quality: interval(0.5) },
};

/** A search of one variable that has been started, and is due since long. */
function started(): World {
  const world = new World();
  const variables = [{ name: "warmth", kind: "float", min: 0, max: 2, default: 0.5 }];
  world.command({ kind: "register", by: "config", variables }, THEN_MS);
  const rows = [{ inputs: { n: 1 }, outputs: { size: "low" } }];
  const command = optimizeSchema.parse({
    variables: ["warmth"],
    objective: { program: "size", data: rows },
    budget: { trials: 1, timeMs: 1_000 },
  });
  const { variables: state, optimizations } = world.fold;
  world.optimization(decideQueue(state, optimizations, { run: "r", user: "ada", version: "v1", command }, 9));
  world.optimization(decideStart(state, optimizations, CONFIG));
  return world;
}
const valueIn = ({ fold }: World) => fold.variables.variables.get("warmth")?.value;
/** Of the last message. */
function dataOf(world: World, scope: string): Record<string, unknown> {
  const message = world.find(scope).at(-1);
  assert.ok(message);
  return (message.json() as { data: Record<string, unknown> }).data;
}
const runIn = ({ fold }: World) => fold.optimizations.runs.get("r");

test("a search that was answered while no service ran - counts, though its lease has passed", async () => {
  const world = started();
  const result = { id: "ada.o.r", status: "succeeded", program: TUNER_PROGRAM, outputs: { report } };
  world.put(resultSubject("ada.o.r"), result, THEN_MS + 1);
  const runs = world.runs();
  runs.start();
  await until(() => world.find("dspex.request.>").length > 0, 5_000);
  runs.stop();
  assert.equal(valueIn(world), 1.5);
  assert.equal(runIn(world)?.status, "running", "what is in force is measured now");
  assert.equal(dataOf(world, "dspex.request.>").id, "ada.o.r-check");
});

test("values that nobody measured in time once they were in force - do not stay", async () => {
  const world = started();
  const result = { id: "ada.o.r", status: "succeeded", program: TUNER_PROGRAM, outputs: { report } };
  world.put(resultSubject("ada.o.r"), result, THEN_MS + 1);
  world.command({ kind: "set", by: "optimization/r", values: { warmth: 1.5 } }, THEN_MS + 2);
  const runs = world.runs();
  runs.start();
  await until(() => runIn(world)?.status === "failed", 5_000);
  runs.stop();
  assert.equal(valueIn(world), 0.5);
  assert.equal(runIn(world)?.error?.code, "deadline_exceeded");
  assert.match(String(dataOf(world, "dspex.event.variable.changed").reason), /^rolled back: /);
});

test("a search that nobody answered - ends with its lease, and changes nothing", async () => {
  const world = started();
  const runs = world.runs();
  runs.start();
  await until(() => runIn(world)?.status === "failed", 5_000);
  runs.stop();
  assert.equal(valueIn(world), 0.5);
  assert.equal(world.find("dspex.request.>").length, 0);
});
