// Random sequences of requests, results and commands, in any order, beside a plain model of what sessions are.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DspexError } from "../../schemas/errors.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { SessionsWorld, USER } from "../../tests/kit/sessions-world.ts";
import {
  decideClose,
  decideContext,
  decideExpiry,
  decideFork,
  decideOpen,
  type SessionAppend,
} from "./decide.ts";
import { freeze, stateFromJson, stateToJson, textPieces } from "./json.ts";
import { isLive, type SessionStatus } from "./state.ts";
import { isBusy, nextOf, turnOf, viewFromJson, viewToJson } from "./turns.ts";

const NAMES = ["a", "b", "c"] as const;

interface ModelSession {
  status: SessionStatus;
  turns: number;
  /** Ids of the turns that succeeded, shared ones included. */
  history: string[];
  contextVersion: number;
  open: { id: string; hasResult: boolean; isLate: boolean }[];
}

/** What a user would say that sessions are: no sequences, no bounds, no log. */
class Model {
  readonly sessions = new Map<string, ModelSession>();
  readonly reopen: boolean;

  constructor(reopen: boolean) {
    this.reopen = reopen;
  }

  at(name: string): ModelSession {
    const found = this.sessions.get(name);
    if (found !== undefined) return found;
    const made: ModelSession = { status: "named", turns: 0, history: [], contextVersion: 0, open: [] };
    this.sessions.set(name, made);
    return made;
  }

  isOver(name: string): boolean {
    const session = this.sessions.get(name);
    return session !== undefined && !isLive(session);
  }
}

type Step =
  | {
      do: "ask" | "resend" | "write" | "settle" | "close" | "open" | "expire" | "erase";
      session: string;
      n: number;
    }
  | { do: "attempt" | "answer"; session: string; n: number; fails: boolean }
  | { do: "context"; session: string; n: number }
  | { do: "fork"; session: string; n: number; as: string }
  | { do: "wait"; session: string; n: number };

const session = fc.constantFrom(...NAMES);
const n = fc.nat({ max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("ask" as const), session, n }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("answer" as const), session, n, fails: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("write" as const, "settle" as const), session, n }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("attempt" as const), session, n, fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("resend" as const), session, n }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("context" as const), session, n }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fork" as const),
      session,
      n,
      as: fc.constantFrom("d", "e", "f"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("close", "open", "expire", "expire", "erase", "wait") as fc.Arbitrary<"close">,
      session,
      n,
    }),
  },
);

/** Does the step in both; what the service refuses has to be what the model refuses. */
function take(world: SessionsWorld, model: Model, one: Step): void {
  const { session: name } = one;
  const now = world.find(name);
  const open = world.asked.filter((asked) => asked.session === name && asked.result === undefined);
  const asked = open[one.n % Math.max(open.length, 1)];
  switch (one.do) {
    case "ask":
      model
        .at(name)
        .open.push({ id: world.ask(name, 3_600_000), hasResult: false, isLate: model.isOver(name) });
      return;
    case "resend": {
      // Also one that is answered.
      const last = world.asked.find(({ id }) => id === now?.recentIds.at(-1));
      const again = one.n % 2 === 0 ? asked : last;
      if (again !== undefined) world.resend(again);
      return;
    }
    case "attempt":
      if (asked !== undefined) world.attempt(asked, one.fails);
      return;
    case "answer": {
      if (asked === undefined) return;
      world.answer(asked, { status: one.fails ? "failed" : "succeeded" });
      const of = model.at(name).open.find(({ id }) => id === asked.id);
      assert.ok(of !== undefined);
      of.hasResult = true;
      return;
    }
    case "write":
      assert.equal(world.writeDue(name), writeDue(world, model, name));
      return;
    case "settle":
      world.settle(name);
      while (writeDue(world, model, name));
      return;
    case "context":
      command(
        world,
        model,
        name,
        () => {
          const expectedVersion = one.n % 3 === 0 ? undefined : now?.contextVersion;
          return decideContext(now, { user: USER, session: name, context: { n: one.n }, expectedVersion });
        },
        (of) => {
          of.contextVersion++;
          of.status = "open";
        },
      );
      return;
    case "close":
      command(
        world,
        model,
        name,
        () => decideClose(now, { user: USER, session: name }),
        (of) => {
          of.status = "closed";
        },
      );
      return;
    case "open":
      command(
        world,
        model,
        name,
        () => decideOpen(now, { user: USER, session: name }, world.settings),
        (of) => {
          opened(of);
        },
      );
      return;
    case "expire": {
      world.timeMs += world.settings.ttlMs;
      const expiry = decideExpiry(now, world.timeMs, world.settings);
      const of = model.sessions.get(name);
      const isIdle = of !== undefined && isLive(of) && of.open.length === 0;
      assert.equal(expiry !== undefined && "append" in expiry, isIdle);
      if (expiry === undefined || !("append" in expiry)) return;
      // Somebody asks just before it is in the log.
      if (one.n % 2 === 0)
        model.at(name).open.push({ id: world.ask(name, 3_600_000), hasResult: false, isLate: false });
      world.append(expiry.append);
      if (of !== undefined && of.open.length === 0) of.status = "expired";
      return;
    }
    case "fork": {
      const of = model.sessions.get(name);
      if (of === undefined || world.find(one.as) !== undefined || of.status === "erased") return;
      const history = now?.history ?? [];
      world.append(
        decideFork(
          undefined,
          { user: USER, session: one.as, ttlMs: 60_000 },
          {
            from: { session: name, turn: of.turns, sequence: history.at(-1) ?? 0 },
            history: [...history],
            context: of.contextVersion === 0 ? undefined : { shared: true },
            contextVersion: of.contextVersion,
          },
        ),
      );
      const { turns, contextVersion } = of;
      model.sessions.set(one.as, {
        status: "open",
        turns,
        contextVersion,
        history: [...of.history],
        open: [],
      });
      return;
    }
    case "erase": {
      const of = model.sessions.get(name);
      assert.equal(world.erase(name), of !== undefined);
      if (of === undefined) return;
      of.status = "erased";
      of.history = [];
      // What was asked before it is no wish to go on.
      for (const asking of of.open) asking.isLate = false;
      return;
    }
    case "wait":
      world.timeMs += one.n * 100;
      return;
    default: {
      const unknown: never = one;
      throw new Error(`unknown step ${JSON.stringify(unknown)}`);
    }
  }
}

function opened(of: ModelSession): void {
  of.status = "open";
  for (const one of of.open) one.isLate = false;
}

function command(
  world: SessionsWorld,
  model: Model,
  name: string,
  decide: () => SessionAppend | undefined,
  change: (of: ModelSession) => void,
): void {
  let decided: SessionAppend | undefined;
  try {
    decided = decide();
  } catch (error) {
    const { code } = error as DspexError;
    assert.equal(code, model.sessions.has(name) ? "gone" : "not_found");
    assert.ok(code === "not_found" || model.isOver(name));
    return;
  }
  if (!world.append(decided)) return;
  change(model.at(name));
}

function writeDue(world: SessionsWorld, model: Model, name: string): boolean {
  const of = model.sessions.get(name);
  if (of === undefined) return false;
  if (
    of.status === "named" ||
    (of.status !== "open" && model.reopen && of.open.some(({ isLate }) => isLate))
  ) {
    opened(of);
    return true;
  }
  const answered = of.open.filter(({ hasResult }) => hasResult);
  const resultAt = (id: string) => world.asked.find((asked) => asked.id === id)?.result?.sequence ?? 0;
  const [first] = answered.sort((a, b) => resultAt(a.id) - resultAt(b.id));
  if (first === undefined) return false;
  of.turns++;
  of.open = of.open.filter(({ id }) => id !== first.id);
  const status = world.asked.find((asked) => asked.id === first.id)?.result?.data.status;
  if (status === "succeeded") of.history.push(first.id);
  return true;
}

function compare(world: SessionsWorld, model: Model): void {
  const idAt = (sequence: number) =>
    (world.messages[sequence - 1]?.json() as { data: { id: string } } | undefined)?.data.id;
  for (const [name, of] of model.sessions) {
    const found = world.find(name);
    assert.ok(found !== undefined, name);
    const { status, turns, contextVersion, history, open } = found;
    assert.deepEqual(
      { status, turns, contextVersion, history: history.map(idAt), open: open.map(({ id }) => id) },
      {
        status: of.status,
        turns: of.turns,
        contextVersion: of.contextVersion,
        history: of.history,
        open: of.open.map(({ id }) => id),
      },
      name,
    );
    compareView(world, name, of);
  }
  assert.equal(world.state.live.size + world.state.ended.size, model.sessions.size);
}

/** The router's view of the same log. */
function compareView({ view, timeMs, asked }: SessionsWorld, name: string, of: ModelSession): void {
  assert.equal(view.ended.has(`${USER}.${name}`), !isLive(of), name);
  assert.equal(isBusy(view, USER, name, timeMs), of.open.length > 0);
  const [first, second] = of.open;
  assert.equal(nextOf(view, USER, name, timeMs), first?.hasResult === false ? first.id : undefined);
  if (second === undefined) return;
  const sequence = asked.find(({ id }) => id === second.id)?.requests[0] ?? 0;
  const state = turnOf(
    view,
    { user: USER, session: name, id: second.id, sequence },
    { reopen: true, nowMs: timeMs },
  );
  assert.deepEqual(state, { status: "waits", behind: first?.id });
}

const RUNS = 200;

test("sessions - are what a plain model says, whatever comes in whatever order", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 80, size: "max" }), (reopen, steps) => {
      const world = new SessionsWorld({ reopen, ttlMs: 10_000 });
      const model = new Model(reopen);
      for (const one of steps) {
        take(world, model, one);
        compare(world, model);
      }
    }),
    { numRuns: RUNS },
  );
});

test("replay - from the beginning, from any snapshot, with and without what was erased: the same state", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(step, { minLength: 10, maxLength: 80, size: "max" }),
      fc.nat(),
      (reopen, steps, cut) => {
        const world = new SessionsWorld({ reopen, ttlMs: 10_000 });
        const model = new Model(reopen);
        const at = cut % steps.length;
        let snapshot = { text: "", view: "", sequence: 0 };
        for (const [i, one] of steps.entries()) {
          take(world, model, one);
          if (i !== at) continue;
          const text = JSON.stringify(stateToJson(world.state));
          assert.equal([...textPieces(freeze(world.state))].join(""), text, "the pieces are the whole");
          snapshot = { text, view: JSON.stringify(viewToJson(world.view)), sequence: world.messages.length };
        }
        const now = JSON.stringify(stateToJson(world.state));
        assert.equal(JSON.stringify(stateToJson(world.replay())), now, "of what is left");
        const restored = stateFromJson(JSON.parse(snapshot.text));
        assert.equal(JSON.stringify(stateToJson(restored)), snapshot.text);
        const onward = world.replay(restored, snapshot.sequence);
        assert.equal(JSON.stringify(stateToJson(onward)), now, "from the snapshot on");
        for (const index of ["keyOfTurn", "namesOf", "toErase"] as const)
          assert.deepEqual(sorted(onward[index]), sorted(world.state[index]), index);
        assert.deepEqual([...onward.contexts].sort(), [...world.state.contexts].sort());
        assert.equal(JSON.stringify(viewToJson(viewFromJson(JSON.parse(snapshot.view)))), snapshot.view);
      },
    ),
    { numRuns: RUNS },
  );
});

function sorted(index: Map<string, string | Set<string>> | Set<string>): unknown[] {
  return [...index]
    .map((entry) => JSON.stringify(entry, (_k, v) => (v instanceof Set ? [...v].sort() : v)))
    .sort();
}
