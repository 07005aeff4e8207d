import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action, Held, ProcessEvent } from "./action.ts";
import { poolSettingsSchema, supervisorLimitsSchema } from "./config.ts";
import { decide } from "./decide.ts";
import { initialState, type State } from "./state.ts";

const LIMITS = supervisorLimitsSchema.parse({ firstSparesAfterMs: 0 });
const HELD: Held = { ackSubject: "$JS.ACK.DSPEX.work-general-any.1.7.1.0.0", sequence: 7 };

/** A supervisor without a process: what happens to it is told one line after the other. */
function supervisor(settings: { processes?: number; spares?: number } = {}, limits = LIMITS) {
  let nowMs = 0;
  const pools = [poolSettingsSchema.parse({ pool: "general", ...settings })];
  let state: State = initialState(pools, limits, "run", nowMs);
  const happens = (event: ProcessEvent): Action[] => {
    const decided = decide(state, event, { nowMs, random: 0.5 });
    state = decided.state;
    return decided.actions.filter(({ kind }) => kind !== "report");
  };
  return {
    happens,
    /** Time passes in steps of a tick. */
    passes(ms: number): Action[] {
      const actions: Action[] = [];
      for (const end = nowMs + ms; nowMs < end; ) {
        nowMs = Math.min(nowMs + 500, end);
        actions.push(...happens({ kind: "tick" }));
      }
      return actions;
    },
    warms: (process: number) => happens({ kind: "warm", process }),
    ready: (process: number) => happens({ kind: "ready", process, modules: ["Predict"] }),
    dies: (process: number, held: Held[] = []) =>
      happens({ kind: "exited", process, exitCode: null, signal: "SIGKILL", held }),
    ends: (process: number) => happens({ kind: "exited", process, exitCode: 0, signal: null, held: [] }),
    /** One worker and one warm spare, as in the default. */
    warm() {
      happens({ kind: "begin" });
      happens({ kind: "connected" });
      this.ready(1);
      this.warms(2);
      return this;
    },
    state: () => state,
  };
}

const kinds = (actions: Action[]): string[] =>
  actions.map((action) => (action.kind === "append" ? `append ${action.verb}` : action.kind));

test("a start - names come first, spares when every name is served", () => {
  const it = supervisor({ processes: 2 });
  assert.deepEqual(it.happens({ kind: "begin" }), [
    { kind: "spawn", process: 1, pool: "general", worker: "0", incarnation: "run-1" },
    { kind: "spawn", process: 2, pool: "general", worker: "1", incarnation: "run-2" },
  ]);
  assert.deepEqual(kinds(it.ready(1)), ["append started"]);
  assert.deepEqual(it.ready(2).at(-1), {
    kind: "spawn",
    process: 3,
    pool: "general",
    incarnation: "run-3",
  });
});

test("a crash - the spare takes the name before what was held is given back, then another spare starts", () => {
  const it = supervisor().warm();
  assert.deepEqual(it.dies(1, [HELD]), [
    { kind: "take", process: 2, worker: "0", incarnation: "run-2" },
    { kind: "nak", held: [HELD] },
    {
      kind: "append",
      verb: "lost",
      process: 1,
      data: {
        pool: "general",
        worker: "0",
        incarnation: "run-1",
        exitCode: null,
        signal: "SIGKILL",
        gaveBack: [7],
      },
    },
  ]);
  assert.deepEqual(it.ready(2), [
    {
      kind: "append",
      verb: "started",
      process: 2,
      data: { pool: "general", worker: "0", incarnation: "run-2", slots: 8, modules: ["Predict"] },
    },
    { kind: "spawn", process: 3, pool: "general", incarnation: "run-3" },
  ]);
});

test("a crash - gives back the pool's own work and nothing else that its code may have named", () => {
  const it = supervisor().warm();
  const others = ["$JS.ACK.DSPEX.work-neural-any.1.7.1.0.0", "dspex.result.local.c.1", "$JS.API.INFO", ""];
  const actions = it.dies(1, [...others.map((ackSubject) => ({ ackSubject, sequence: 8 })), HELD]);
  assert.deepEqual(
    actions.find(({ kind }) => kind === "nak"),
    { kind: "nak", held: [HELD] },
  );
});

test("a crash - while the spare imports, it gets the name when it is ready", () => {
  const it = supervisor();
  it.happens({ kind: "begin" });
  it.ready(1);
  assert.deepEqual(kinds(it.dies(1)), ["append lost"]);
  assert.deepEqual(kinds(it.warms(2)), ["take"]);
  assert.deepEqual(kinds(it.ready(2)), ["append started", "spawn"]);
});

test("a crash - without spares a process is started under the name", () => {
  const it = supervisor({ spares: 0 });
  it.happens({ kind: "begin" });
  it.ready(1);
  assert.deepEqual(it.dies(1).at(-1), {
    kind: "spawn",
    process: 2,
    pool: "general",
    worker: "0",
    incarnation: "run-2",
  });
});

test("crashes in a row - each start waits twice as long, up to the longest", () => {
  const it = supervisor({ spares: 0 });
  it.happens({ kind: "begin" });
  it.dies(1);
  assert.deepEqual(kinds(it.dies(2)), ["append lost"]);
  assert.deepEqual(kinds(it.passes(500)), ["spawn"]);
  for (let process = 3; process < 20; process++) {
    assert.deepEqual(kinds(it.dies(process)), ["append lost"]);
    assert.deepEqual(kinds(it.passes(LIMITS.longestBackoffMs)), ["spawn"]);
  }
});

test("crashes in a row - a healthy minute starts the count anew", () => {
  const it = supervisor({ spares: 0 });
  it.happens({ kind: "begin" });
  it.dies(1);
  it.dies(2);
  it.passes(500);
  it.ready(3);
  for (let second = 0; second < 61; second++) {
    it.happens({ kind: "beat", pool: "general", worker: "0", incarnation: "run-3", rssBytes: 1 });
    it.passes(1_000);
  }
  assert.deepEqual(kinds(it.dies(3)), ["append lost", "spawn"]);
});

test("silence - a living process without beats is killed", () => {
  const it = supervisor().warm();
  assert.deepEqual(kinds(it.passes(LIMITS.beatGraceMs - 500)), []);
  assert.deepEqual(it.passes(500)[0], { kind: "kill", process: 1 });
});

test("silence - means nothing without a connection, and not yet after a new one", () => {
  const it = supervisor().warm();
  it.happens({ kind: "disconnected" });
  assert.deepEqual(it.passes(60_000), []);
  it.happens({ kind: "connected" });
  assert.deepEqual(it.passes(LIMITS.beatGraceMs - 500), []);
});

test("silence - beats of another incarnation do not count", () => {
  const it = supervisor().warm();
  let actions: Action[] = [];
  for (let second = 0; second < 12; second++) {
    it.happens({ kind: "beat", pool: "general", worker: "0", incarnation: "other", rssBytes: 1 });
    actions = actions.concat(it.passes(1_000));
  }
  assert.equal(actions[0]?.kind, "kill");
});

test("a recycle - the spare takes the name at once and the old process drains", () => {
  const it = supervisor().warm();
  const actions = it.happens({ kind: "recycle-asked", process: 1, reason: "1000 requests" });
  assert.deepEqual(kinds(actions), ["take", "drain"]);
  assert.deepEqual(kinds(it.ready(2)), ["append started", "spawn"]);
  assert.deepEqual(it.ends(1), [
    {
      kind: "append",
      verb: "stopped",
      process: 1,
      data: { pool: "general", worker: "0", incarnation: "run-1", reason: "recycled" },
    },
  ]);
});

test("a recycle - too much memory asks for one, once", () => {
  const it = supervisor().warm();
  const beat: ProcessEvent = {
    kind: "beat",
    pool: "general",
    worker: "0",
    incarnation: "run-1",
    rssBytes: 2 ** 40,
  };
  assert.equal(it.happens(beat).filter(({ kind }) => kind === "drain").length, 1);
  assert.deepEqual(it.happens(beat), []);
});

test("a recycle - one that does not end is killed, and what it held is given back", () => {
  const it = supervisor().warm();
  it.happens({ kind: "recycle-asked", process: 1, reason: "asked" });
  it.ready(2);
  const actions = it.passes(LIMITS.drainTimeoutMs);
  assert.ok(actions.some((action) => action.kind === "kill" && action.process === 1));
  assert.deepEqual(kinds(it.dies(1, [HELD])), ["nak", "append lost"]);
});

test("a stop - drains every process and starts none, finished when the last has ended", () => {
  const it = supervisor().warm();
  assert.deepEqual(kinds(it.happens({ kind: "stop" })), ["drain", "drain"]);
  assert.deepEqual(kinds(it.ends(1)), ["append stopped"]);
  assert.deepEqual(kinds(it.ends(2)), ["finished"]);
});

test("a stop - what does not end in time is killed", () => {
  const it = supervisor().warm();
  it.happens({ kind: "stop" });
  assert.deepEqual(kinds(it.passes(LIMITS.stopTimeoutMs)), ["kill", "kill"]);
});

test("a stop - without processes it is finished at once", () => {
  assert.deepEqual(kinds(supervisor({ processes: 0 }).happens({ kind: "stop" })), ["finished"]);
});

test("a start that hangs - is killed after the start's time limit", () => {
  const it = supervisor({ spares: 0 });
  it.happens({ kind: "begin" });
  assert.deepEqual(kinds(it.passes(LIMITS.startTimeoutMs)), []);
  assert.deepEqual(kinds(it.passes(500)), ["kill"]);
});

test("many names - start a few at once, the next when one is ready", () => {
  const it = supervisor({ processes: 4, spares: 2 });
  assert.deepEqual(kinds(it.happens({ kind: "begin" })), ["spawn", "spawn"]);
  assert.deepEqual(kinds(it.ready(1)), ["append started", "spawn"]);
  assert.deepEqual(kinds(it.ready(2)), ["append started", "spawn"]);
  it.ready(3);
  assert.deepEqual(kinds(it.ready(4)), ["append started", "spawn"]);
  assert.deepEqual(kinds(it.warms(5)), ["spawn"]);
  assert.deepEqual(kinds(it.warms(6)), []);
});

test("the first spares - leave the cores to the first answers for a while", () => {
  const it = supervisor({}, { ...LIMITS, firstSparesAfterMs: 5_000 });
  it.happens({ kind: "begin" });
  assert.deepEqual(kinds(it.ready(1)), ["append started"]);
  assert.deepEqual(kinds(it.passes(4_500)), []);
  assert.deepEqual(kinds(it.passes(500)), ["spawn"]);
});
