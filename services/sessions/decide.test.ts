import assert from "node:assert/strict";
import { test } from "node:test";
import type { DspexError } from "../../schemas/errors.ts";
import { SessionsWorld, USER } from "../../tests/kit/sessions-world.ts";
import {
  decideBound,
  decideClose,
  decideContext,
  decideExpiry,
  decideFork,
  decideOpen,
  decideRetell,
} from "./decide.ts";

const name = { user: USER, session: "s" };
const code = (expected: string) => (error: unknown) => (error as DspexError).code === expected;

function opened(settings = {}): SessionsWorld {
  const world = new SessionsWorld(settings);
  world.append(decideOpen(undefined, name, world.settings));
  return world;
}

test("open - once; again only with another idle time", () => {
  const world = opened();
  assert.equal(decideOpen(world.find("s"), name, world.settings), undefined);
  assert.equal(decideOpen(world.find("s"), { ...name, ttlMs: 60_000 }, world.settings), undefined);
  const again = decideOpen(world.find("s"), { ...name, ttlMs: 5_000 }, world.settings);
  assert.deepEqual(again, { verb: "opened", data: { ...name, ttlMs: 5_000 } });
});

test("an ended session - is gone, or opened again where that is configured", () => {
  for (const reopen of [false, true]) {
    const world = opened({ reopen });
    world.append(decideClose(world.find("s"), name));
    assert.equal(decideClose(world.find("s"), name), undefined);
    assert.throws(() => decideContext(world.find("s"), { ...name, context: {} }), code("gone"));
    if (reopen) assert.equal(decideOpen(world.find("s"), name, world.settings)?.verb, "opened");
    else assert.throws(() => decideOpen(world.find("s"), name, world.settings), code("gone"));
  }
});

test("an unknown session - is not found", () => {
  assert.throws(() => decideClose(undefined, name), code("not_found"));
  assert.throws(() => decideContext(undefined, { ...name, context: {} }), code("not_found"));
});

test("context - the expected version or none", () => {
  const world = opened();
  const set = (expectedVersion?: number) =>
    decideContext(world.find("s"), { ...name, context: { a: 1 }, expectedVersion });
  assert.throws(() => set(1), code("conflict"));
  assert.throws(
    () => set(1),
    (error) => (error as DspexError).message === 'the context of session "s" has version 0, not 1',
  );
  world.append(set(0));
  assert.deepEqual(set(1), { verb: "context-set", data: { ...name, version: 2, context: { a: 1 } } });
  assert.equal(set()?.verb, "context-set");
});

test("context that is told again - has the same version, and only while it is in force", () => {
  const world = opened();
  world.append(decideContext(world.find("s"), { ...name, context: { a: 1 } }));
  const { contextSequence = 0 } = world.find("s") ?? {};
  const again = decideRetell(world.find("s"), contextSequence, { a: 1 });
  assert.deepEqual(again, { verb: "context-set", data: { ...name, version: 1, context: { a: 1 } } });
  const before = world.find("s")?.activeMs;
  world.timeMs += 1_000;
  world.append(again);
  assert.equal(world.find("s")?.activeMs, before, "no sign of life");
  assert.equal(decideRetell(world.find("s"), contextSequence, { a: 1 }), undefined);
});

test("expiry - when it was idle, later when it was not, never when it ended", () => {
  const world = opened({ ttlMs: 10_000 });
  const openedMs = world.timeMs;
  assert.deepEqual(decideExpiry(world.find("s"), openedMs + 9_999, world.settings), {
    againAtMs: openedMs + 10_000,
  });
  const due = decideExpiry(world.find("s"), openedMs + 10_000, world.settings);
  assert.deepEqual(due, { append: { verb: "expired", data: { ...name, idleMs: 10_000, why: "idle" } } });
  world.ask("s");
  assert.deepEqual(decideExpiry(world.find("s"), openedMs + 20_000, world.settings), {
    againAtMs: openedMs + 30_000,
  });
  world.append(decideClose(world.find("s"), name));
  assert.equal(decideExpiry(world.find("s"), openedMs + 90_000, world.settings), undefined);
  assert.equal(decideExpiry(undefined, openedMs, world.settings), undefined);
});

test("too many open sessions - the least recently used that has nothing to do", () => {
  const world = new SessionsWorld({ maxOpen: 2 });
  for (const session of ["a", "b", "c"])
    world.append(decideOpen(undefined, { user: USER, session }, world.settings));
  const bound = () => decideBound(world.state.live, world.timeMs, world.settings)?.data.session;
  assert.equal(bound(), "a");
  world.ask("a");
  assert.equal(bound(), "b");
  assert.equal(decideBound(world.state.live, world.timeMs, { ...world.settings, maxOpen: 3 }), undefined);
});

test("fork - to a name that is free", () => {
  const world = opened();
  const point = {
    from: { session: "s", turn: 0, sequence: 0 },
    history: [],
    context: undefined,
    contextVersion: 0,
  };
  const fork = decideFork(undefined, { user: USER, session: "t", ttlMs: 1_000 }, point);
  world.append(fork);
  assert.deepEqual(world.find("t")?.parent, { session: "s", turn: 0 });
  assert.throws(
    () => decideFork(world.find("t"), { user: USER, session: "t", ttlMs: 1 }, point),
    code("conflict"),
  );
});
