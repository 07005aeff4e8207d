// Random commands against a plain model of the queue, written out by hand; and folds of what was decided from every
// snapshot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asDspexError } from "../../../schemas/errors.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { stateHash } from "../../log/snapshot.ts";
import { decide } from "../decide.ts";
import type { VariableMessage } from "../event.ts";
import { applyMessage, foldFromJson, foldToJson, initialFold, type VariablesFold } from "../fold.ts";
import { optimizeSchema } from "./command.ts";
import { decideCancelQueued, decideExpire, decideQueue, decideStart } from "./decide.ts";
import type { OptimizationAppend } from "./event.ts";
import { placesOf, queueOf, running } from "./queue.ts";

const NAMES = ["a", "b", "c", "d"] as const;
const USERS = ["ada", "eve", "bob"] as const;
const AT_ONCE = 2;
const MAX_QUEUED = 6;
const LIMITS = { optimizationsAtOnce: AT_ONCE, leaseGraceMs: 0 };

const definitions = [
  ...NAMES.map((name) => ({ name, kind: "integer", min: 0, max: 9, default: 1 })),
  // Who searches `c` changes it, so nobody else may search `d` meanwhile.
  { name: "sum", kind: "integer", min: 0, max: 18, expression: "c + d" },
];
/** What a search of these has for itself. */
function locksOf(names: readonly string[]): string[] {
  return [...names, ...(names.some((name) => name === "c" || name === "d") ? ["sum"] : [])].sort();
}

interface Plain {
  run: string;
  user: string;
  names: readonly string[];
  priority: number;
}

/** What should be so, said as plainly as it can be. */
class Model {
  waiting: Plain[] = [];
  running: Plain[] = [];
  over = new Set<string>();
  started: string[] = [];

  queue(run: Plain): boolean {
    if (this.waiting.length >= MAX_QUEUED) return false;
    this.waiting.push(run);
    this.#start();
    return true;
  }

  end(run: string): void {
    this.running = this.running.filter((one) => one.run !== run);
    this.waiting = this.waiting.filter((one) => one.run !== run);
    this.over.add(run);
    this.#start();
  }

  /** By priority; of one priority whoever has fewest ahead, then whoever's last start is the longest ago, then by age. */
  order(): Plain[] {
    const left = [...this.waiting];
    const placed: Plain[] = [];
    while (left.length > 0) {
      const count = (user: string) => [...this.running, ...placed].filter((one) => one.user === user).length;
      const keyOf = ({ priority, user, run }: Plain) =>
        [
          9 - priority,
          count(user),
          this.started.lastIndexOf(user) + 1,
          this.waiting.findIndex((w) => w.run === run),
        ]
          .map((n) => String(n).padStart(6, "0"))
          .join("/");
      const next = left.reduce((one, other) => (keyOf(other) < keyOf(one) ? other : one));
      left.splice(left.indexOf(next), 1);
      placed.push(next);
    }
    return placed;
  }

  #start(): void {
    for (;;) {
      const next = this.running.length < AT_ONCE ? this.#next() : undefined;
      if (next === undefined) return;
      this.waiting = this.waiting.filter((one) => one !== next);
      this.running.push(next);
      this.started.push(next.user);
    }
  }

  #next(): Plain | undefined {
    const order = this.order();
    return order.find((one, at) => {
      const before = [...this.running, ...order.slice(0, at)].flatMap(({ names }) => locksOf(names));
      return !locksOf(one.names).some((name) => before.includes(name));
    });
  }
}

/** The real thing: what is decided is folded, and kept as the log would. */
class Real {
  fold: VariablesFold = initialFold();
  log: VariableMessage[] = [];
  timeMs = 0;

  constructor() {
    const registered = decide(this.fold.variables, {
      kind: "register",
      by: "config",
      variables: definitions,
    });
    assert.ok(registered);
    this.append("variable", registered);
  }

  append(entity: string, { verb, data }: { verb: string; data: object }): void {
    const { run } = data as { run?: string };
    const subject = `dspex.event.${entity}.${run === undefined ? verb : `${run}.${verb}`}`;
    this.add({ subject, sequence: this.log.length + 1, timeMs: this.timeMs, json: () => ({ data }) });
  }
  add(message: VariableMessage): void {
    this.log.push(message);
    applyMessage(this.fold, message);
  }
  do(decided: OptimizationAppend | undefined): void {
    if (decided !== undefined) this.append("optimization", decided);
    for (;;) {
      const start = decideStart(this.fold.variables, this.fold.optimizations, LIMITS);
      if (start === undefined) return;
      this.append("optimization", start);
    }
  }
}

type Step =
  | { kind: "queue"; user: string; names: string[]; priority: number }
  | { kind: "end" | "cancel" | "trial" | "expire"; at: number }
  | { kind: "set"; name: string; value: number };

const at = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("queue" as const),
      user: fc.constantFrom(...USERS),
      names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
      priority: fc.constantFrom(1, 5, 5, 9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("end" as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancel", "trial", "expire"), at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      name: fc.constantFrom(...NAMES),
      value: fc.nat({ max: 9 }),
    }),
  },
);

function take(real: Real, model: Model, n: number, one: Step): void {
  real.timeMs += 1_000;
  const { variables, optimizations } = real.fold;
  switch (one.kind) {
    case "queue": {
      const { user, names, priority } = one;
      const run = `r${n}`;
      const command = optimizeSchema.parse({
        variables: names,
        objective: { program: "p", data: [{ inputs: {}, outputs: {} }] },
        budget: { timeMs: 1_000 },
        priority,
      });
      const isTaken = model.queue({ run, user, names, priority });
      try {
        const asked = { run, user, version: "v", command };
        real.do(decideQueue(variables, optimizations, asked, MAX_QUEUED));
        assert.ok(isTaken);
      } catch (error) {
        assert.ok(!isTaken);
        assert.equal(asDspexError(error).code, "overloaded");
      }
      return;
    }
    case "end": {
      const run = running(optimizations)[one.at];
      if (run === undefined) return;
      model.end(run.run);
      const error = { code: "internal" as const, message: "no", retryable: false };
      real.do({ verb: "failed", data: { run: run.run, program: "p", error } });
      return;
    }
    case "cancel": {
      const run = queueOf(optimizations)[one.at];
      if (run === undefined) return;
      model.end(run.run);
      real.do(decideCancelQueued(run));
      return;
    }
    case "expire": {
      const run = running(optimizations)[one.at];
      if (run?.leaseEndsMs === undefined) return;
      assert.equal(decideExpire(run, run.leaseEndsMs - 1), undefined);
      model.end(run.run);
      real.do(decideExpire(run, run.leaseEndsMs));
      return;
    }
    case "trial": {
      const run = running(optimizations)[one.at];
      if (run === undefined) return;
      const values = { run: run.run, trial: run.tried + 1, params: {}, spent: { calls: n } };
      const data = { ...values, step: "candidate", score: n, scores: [], objectives: { quality: n } };
      real.append("optimization", { verb: "trial-finished", data });
      return;
    }
    case "set": {
      const values = { [one.name]: one.value };
      const changed = decide(variables, { kind: "set", by: "ada", values });
      if (changed !== undefined) real.append("variable", changed);
      return;
    }
    default: {
      const unknown: never = one;
      void unknown;
    }
  }
}

test("any commands - the queue is as the plain model has it, and no variable is in two runs at once", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const real = new Real();
      const model = new Model();
      for (const [n, one] of steps.entries()) {
        take(real, model, n, one);
        const state = real.fold.optimizations;
        const now = running(state);
        assert.deepEqual(now.map(({ run }) => run).sort(), model.running.map(({ run }) => run).sort());
        assert.deepEqual(
          queueOf(state).map(({ run }) => run),
          model.order().map(({ run }) => run),
        );
        const locks = now.flatMap((run) => run.locks);
        assert.equal(new Set(locks).size, locks.length);
        for (const [place, { run }] of queueOf(state).entries())
          assert.equal(placesOf(state).get(run)?.position, place + 1);
        for (const run of now) assert.equal(placesOf(state).get(run.run), undefined);
      }
    }),
    { numRuns: 150 },
  );
});

test("any log - folds to the same from every snapshot", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const real = new Real();
      const model = new Model();
      for (const [n, one] of steps.entries()) take(real, model, n, one);
      const whole = stateHash(foldToJson(real.fold));
      for (let cut = 0; cut <= real.log.length; cut += 3) {
        let fold = initialFold();
        for (const message of real.log.slice(0, cut)) applyMessage(fold, message);
        fold = foldFromJson(JSON.parse(JSON.stringify(foldToJson(fold))));
        for (const message of real.log.slice(cut)) applyMessage(fold, message);
        assert.equal(stateHash(foldToJson(fold)), whole);
      }
    }),
    { numRuns: 60 },
  );
});
