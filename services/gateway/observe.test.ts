// Given a log that goes on, and a follower of it that comes and goes, when users observe from anywhere, then each sees
// what is its own, in order, each once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import {
  requestSubject,
  resultSubject,
  sessionEventSubject,
  variableEventSubject,
} from "../../schemas/subjects.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { isWithin } from "../broker/mod.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { LiveEvents } from "./live-events.ts";
import type { LiveMessage } from "./live-listener.ts";
import { writeObserved } from "./observe.ts";
import { type Kind, patternOf, wideOf } from "./observed-kinds.ts";

const SUBJECTS = [
  requestSubject("ada", "answer"),
  resultSubject("ada.c.1"),
  requestSubject("bob", "answer"),
  sessionEventSubject("bob", "s", "opened"),
  variableEventSubject("changed"),
  "dspex.event.policy.updated",
];
/** By a follower, at once. */
const HANDED_ON = 40;
const turn = () => new Promise((resolve) => setImmediate(resolve));

class World {
  readonly log: LiveMessage[] = [];
  readonly live: LiveEvents;
  /** Of the follower that runs. */
  die: (() => void) | undefined;
  filters: readonly string[] = [];
  opened = 0;
  reads = 0;
  /** While true no follower begins. */
  isKeeperAway = false;
  readonly #pumps = new Set<() => Promise<void>>();

  constructor(idleMs = 5) {
    this.live = new LiveEvents({
      follow: (filters, from, onMessage) => this.#follow(filters, from, onMessage),
      endOfLog: async () => {
        await turn();
        return this.log.length;
      },
      patternOf,
      wideOf,
      logger: pino({ level: "silent" }),
      idleMs,
    });
  }

  append(subject: string): void {
    const sequence = this.log.length + 1;
    const data = Buffer.from("{}");
    this.log.push({ subject, sequence, timeMs: 0, data, json: () => ({}), header: () => undefined });
    for (const pump of this.#pumps) void pump();
  }

  readonly reader = {
    next: async (pattern: string, from: number) => {
      this.reads++;
      await turn();
      return this.log.slice(from - 1).find(({ subject }) => isWithin(subject, pattern)) ?? null;
    },
    last: async () => this.log.at(-1) ?? null,
  } as unknown as LogReader;

  #follow(filters: readonly string[], from: number, onMessage: (message: LiveMessage) => void) {
    this.opened++;
    this.filters = filters;
    const ended = Promise.withResolvers<Error | undefined>();
    let at = from - 1;
    let isOpen = false;
    let isPumping = false;
    // It lags, and hands on what is there some at a time.
    const pump = async () => {
      if (isPumping) return;
      isPumping = true;
      while (isOpen && at < this.log.length) {
        await turn();
        for (let n = 0; n < HANDED_ON && isOpen && at < this.log.length; n++) {
          const message = this.log[at++] as LiveMessage;
          if (filters.some((filter) => isWithin(message.subject, filter))) onMessage(message);
        }
      }
      isPumping = false;
    };
    const close = (error: Error | undefined) => {
      isOpen = false;
      this.#pumps.delete(pump);
      ended.resolve(error);
    };
    this.#pumps.add(pump);
    this.die = () => close(new Error("the follower has ended"));
    const begun = (async () => {
      do await turn();
      while (this.isKeeperAway);
      isOpen = true;
      void pump();
      // The first messages may be there before its start is known.
      for (let n = 0; n < 3; n++) await turn();
    })();
    return { begun, follower: { stop: async () => close(undefined), ended: ended.promise } };
  }

  /** As a client does: asks again from where it is, until it has seen the `last` sequence. */
  async observe(user: string, kinds: Kind[], from: number, last: number): Promise<number[]> {
    const seen: number[] = [];
    let next = from;
    const wanted = this.expected(user, kinds, from, last);
    while (seen.length < wanted.length) {
      const stopping = new AbortController();
      const writer: PieceWriter = {
        stopping: stopping.signal,
        piece: (body) => {
          const { position, sequence } = body as { position?: number; sequence?: number };
          next = (sequence ?? position ?? 0) + 1;
          if (sequence === undefined) return;
          seen.push(sequence);
          if (seen.length >= wanted.length) stopping.abort();
        },
        bytes: () => {},
        keepAlive: () => {},
        end: () => {},
      };
      const request = { user, json: () => ({ kinds, from: next }) } as unknown as ApiRequest;
      await writeObserved(request, writer, { reader: this.reader, live: this.live });
    }
    return seen;
  }

  /** What is the user's own. */
  expected(user: string, kinds: Kind[], from: number, last: number): number[] {
    const isOwn = (at: number) => {
      const subject = this.subjectAt(at);
      return kinds.some(
        (kind) =>
          (kind === "request" && subject.startsWith(`dspex.request.${user}.`)) ||
          (kind === "result" && subject.startsWith(`dspex.result.${user}.`)) ||
          (kind === "session" && subject.startsWith(`dspex.event.session.${user}.`)) ||
          (kind === "variable" && subject.startsWith("dspex.event.variable.")),
      );
    };
    return Array.from({ length: last }, (_, n) => n + 1).filter((at) => at >= from && isOwn(at));
  }

  /** Also of what is not appended yet. */
  subjectAt(sequence: number): string {
    return SUBJECTS[(sequence * 7 + (sequence % 5)) % SUBJECTS.length] as string;
  }

  grow(count: number): void {
    for (let n = 0; n < count; n++) this.append(this.subjectAt(this.log.length + 1));
  }
}

test("an observer - sees history, then what comes, and reads the log no more", async () => {
  const world = new World();
  world.grow(20);
  const seen = world.observe("ada", ["request", "variable"], 3, 60);
  while (world.filters.length === 0) await turn();
  for (let n = 0; n < 10; n++) await turn();
  const reads = world.reads;
  for (let n = 0; n < 40; n++) {
    world.grow(1);
    await turn();
  }
  assert.deepEqual(await seen, world.expected("ada", ["request", "variable"], 3, 60));
  assert.equal(world.reads, reads);
  assert.deepEqual([world.opened, world.filters.length], [1, 2]);
  await world.live.stop();
});

test("any number of observers - have one follower, of what they observe and of nothing else", async () => {
  const world = new World();
  world.grow(5);
  const users = Array.from({ length: 200 }, () => "bob");
  const all = users.map((user) => world.observe(user, ["session", "variable"], 1, 30));
  while (world.opened === 0) await turn();
  world.grow(25);
  const wanted = world.expected("bob", ["session", "variable"], 1, 30);
  for (const seen of await Promise.all(all)) assert.deepEqual(seen, wanted);
  assert.equal(world.opened, 1);
  assert.deepEqual(world.filters, ["dspex.event.session.bob.>", "dspex.event.variable.>"]);
  await world.live.stop();
});

test("more users than a follower takes filters - are followed together, and nobody sees another's", async () => {
  const world = new World();
  world.grow(10);
  const others = Array.from({ length: 40 }, (_, n) => world.live.join([`dspex.request.user${n}.>`]));
  const seen = world.observe("ada", ["request"], 1, 40);
  while (!world.filters.includes("dspex.request.*.>")) await turn();
  world.grow(30);
  assert.deepEqual(await seen, world.expected("ada", ["request"], 1, 40));
  assert.deepEqual(world.filters, ["dspex.request.*.>"]);
  for (const other of others) assert.equal(other.next(Number.POSITIVE_INFINITY), undefined);
  await world.live.stop();
});

test("an observer that is too slow - reads on in the log", async () => {
  const world = new World();
  const seen = world.observe("ada", ["request", "result", "variable"], 1, 2_000);
  while (world.opened === 0) await turn();
  for (let n = 0; n < 10; n++) await turn();
  world.grow(2_000);
  assert.deepEqual(await seen, world.expected("ada", ["request", "result", "variable"], 1, 2_000));
  await world.live.stop();
});

test("nobody observes - nothing is followed", async () => {
  const world = new World();
  world.grow(10);
  await world.observe("ada", ["variable"], 1, 10);
  let isFollowed = true;
  while (isFollowed) {
    await turn();
    isFollowed = world.live.isFollowing;
  }
  assert.deepEqual(
    await world.observe("ada", ["variable"], 1, 10),
    world.expected("ada", ["variable"], 1, 10),
  );
  await world.live.stop();
});

test("no keeper that would make a follower - what happens is seen all the same, a little later", async () => {
  const world = new World();
  world.isKeeperAway = true;
  const seen = world.observe("ada", ["variable"], 1, 20);
  world.grow(20);
  assert.deepEqual(await seen, world.expected("ada", ["variable"], 1, 20));
  world.isKeeperAway = false;
  await world.live.stop();
});

test("whatever comes and goes - nothing is missed and nothing is seen twice", async () => {
  const kinds = fc.uniqueArray(fc.constantFrom<Kind>("request", "result", "session", "variable"), {
    minLength: 1,
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ grow: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 3, arbitrary: fc.record({ user: fc.constantFrom("ada", "bob"), kinds, back: fc.nat(600) }) },
    { weight: 2, arbitrary: fc.constant({ die: true }) },
    { weight: 4, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 12 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      const world = new World(1);
      const grown = steps.reduce((sum, one) => sum + ("grow" in one ? one.grow : 0), 0);
      const last = grown + 50;
      const observers: { seen: Promise<number[]>; wanted: number[] }[] = [];
      for (const one of steps) {
        if ("grow" in one) world.grow(one.grow);
        else if ("die" in one) world.die?.();
        else if ("turns" in one) for (let n = 0; n < one.turns; n++) await turn();
        else {
          const from = Math.max(1, world.log.length + 1 - one.back);
          observers.push({
            seen: world.observe(one.user, one.kinds, from, last),
            wanted: world.expected(one.user, one.kinds, from, last),
          });
        }
      }
      for (let n = 0; n < 10; n++) {
        world.grow(5);
        await turn();
      }
      for (const { seen, wanted } of observers) assert.deepEqual(await seen, wanted);
      await world.live.stop();
    }),
    { numRuns: 60 },
  );
});
