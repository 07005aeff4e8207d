import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionsWorld, USER } from "../../tests/kit/sessions-world.ts";
import { decideClose, decideExpiry } from "./decide.ts";
import { evolveView, initialView, isBusy, nextOf, type SessionsView, turnOf, VIEW_BOUNDS } from "./turns.ts";

const at = (world: SessionsWorld, session: string, id: string, reopen = false) => {
  const sequence = world.asked.find((asked) => asked.id === id)?.requests[0] ?? 0;
  return turnOf(world.view, { user: USER, session, id, sequence }, { reopen, nowMs: world.timeMs });
};

test("turns of one session - come in the log's order, the next one after the turn is in the log", () => {
  const world = new SessionsWorld();
  const ids = [world.ask("s"), world.ask("s"), world.ask("t")];
  const [first = "", second = "", other = ""] = ids;
  assert.deepEqual(at(world, "s", first), { status: "now" });
  assert.deepEqual(at(world, "s", second), { status: "waits", behind: first });
  assert.deepEqual(at(world, "t", other), { status: "now" }, "another session");
  assert.equal(nextOf(world.view, USER, "s", world.timeMs), first);
  world.settle("s");
  world.answer(world.asked[0] ?? assert.fail());
  assert.deepEqual(at(world, "s", second), { status: "waits", behind: first }, "its turn is not in the log");
  assert.equal(nextOf(world.view, USER, "s", world.timeMs), undefined);
  world.settle("s");
  assert.deepEqual(at(world, "s", second), { status: "now" });
  assert.equal(nextOf(world.view, USER, "s", world.timeMs), second);
  assert.ok(isBusy(world.view, USER, "s", world.timeMs));
});

test("a request that nobody answered by its deadline - holds nobody up for ever", () => {
  const world = new SessionsWorld();
  const [first, second] = [world.ask("s", 1_000), world.ask("s", 3_600_000)];
  world.timeMs += 30_000;
  assert.deepEqual(at(world, "s", second), { status: "waits", behind: first });
  world.timeMs += 60_000;
  assert.deepEqual(at(world, "s", second), { status: "now" });
});

test("a closed session - is gone for what comes later, unless it may be opened again", () => {
  const world = new SessionsWorld();
  const before = world.ask("s");
  world.settle("s");
  world.append(decideClose(world.find("s"), { user: USER, session: "s" }));
  const after = world.ask("s");
  assert.deepEqual(at(world, "s", before), { status: "now" }, "it was asked before");
  assert.deepEqual(at(world, "s", after), { status: "gone", why: "closed" });
  assert.deepEqual(at(world, "s", after, true), { status: "waits", behind: before });
});

test("an expiry that comes too late for a request - counts for nothing, here and in the service", () => {
  const world = new SessionsWorld();
  world.ask("s");
  world.settle("s");
  world.answer(world.asked[0] ?? assert.fail());
  world.settle("s");
  world.timeMs += world.settings.ttlMs;
  const expiry = decideExpiry(world.find("s"), world.timeMs, world.settings);
  const id = world.ask("s");
  assert.ok(expiry !== undefined && "append" in expiry);
  world.append(expiry.append);
  assert.equal(world.find("s")?.status, "open");
  assert.deepEqual(at(world, "s", id), { status: "now" });
});

test("contents of turns - are kept while they are wanted, and forgotten when they are erased", () => {
  const world = new SessionsWorld();
  const id = world.ask("s");
  world.answer(world.asked[0] ?? assert.fail());
  world.settle("s");
  const [sequence = 0] = world.view.places.get(`${USER}.s`) ?? [];
  assert.deepEqual(world.view.contents.get(sequence)?.turn.turn, {
    inputs: { question: id },
    outputs: { answer: id },
  });
  world.erase("s");
  assert.equal(world.view.contents.size, 0);
  assert.equal(world.view.characters, 0);
  assert.equal(world.view.places.size, 0);
});

test("bounds - more requests of one session are refused, contents and ended sessions go by age", () => {
  const view: SessionsView = initialView();
  const named = { user: USER, session: "s", timeMs: 0 };
  for (let n = 1; n <= VIEW_BOUNDS.openOfSession + 1; n++)
    evolveView(view, { kind: "request", ...named, id: `r${n}`, sequence: n, deadlineAtMs: 1_000 });
  const asked = { user: USER, session: "s", id: `r${VIEW_BOUNDS.openOfSession + 1}`, sequence: 2_000 };
  const state = turnOf(view, asked, { reopen: false, nowMs: 0 });
  assert.deepEqual(state, { status: "overloaded", waiting: VIEW_BOUNDS.openOfSession });
  assert.equal(view.openCount, VIEW_BOUNDS.openOfSession);
  for (let n = 0; n < VIEW_BOUNDS.ended + 10; n++) {
    const session = `e${n}`;
    const data = { user: USER, session };
    evolveView(view, { kind: "closed", user: USER, session, sequence: 3_000 + n, timeMs: 0, data });
  }
  assert.equal(view.ended.size, VIEW_BOUNDS.ended);
});
