// The measured side: a fold with so many open sessions in a process of its own, and what can be asked of it.

import { parseJson } from "../../schemas/envelope/json.ts";
import { stateHash } from "../../services/log/snapshot.ts";
import { applyMessage } from "../../services/sessions/apply.ts";
import { decodeEvent } from "../../services/sessions/event.ts";
import { freeze, stateFromJson, stateToJson, textPieces } from "../../services/sessions/json.ts";
import { evolveView, type SessionFact, viewToJson } from "../../services/sessions/turns.ts";
import { firstNames } from "../../services/sessions/views.ts";
import { serveParent } from "../kit/child-process.ts";
import { type Filled, fill, turnMessages } from "./fill.ts";

export interface SessionsSettings {
  sessions: number;
}

export interface Filling {
  seconds: number;
  /** Of the heap, by session. */
  bytesEach: number;
}
export interface Snapshot {
  freezeMs: number;
  /** Longest time for which nothing else could run. */
  longestMs: number;
  totalMs: number;
  bytes: number;
  /** The same in one go. */
  wholeMs: number;
  loadMs: number;
  viewBytes: number;
}

serveParent(async ({ sessions }: SessionsSettings) => {
  let filled: Filled;
  let next = 0;
  return {
    fill(): Filling {
      const before = heapNow();
      const startedAt = performance.now();
      filled = fill(sessions);
      const seconds = (performance.now() - startedAt) / 1_000;
      // What a router has of it goes by bounds of its own.
      filled.view.contents.clear();
      filled.view.places.clear();
      return { seconds, bytesEach: (heapNow() - before) / sessions };
    },
    /** CPU of one turn, its three messages, in µs: decoded and folded by the service, and by a router's view. */
    turn(count: number): { service: number; view: number } {
      const { state, view } = filled;
      const messages = Array.from({ length: count }, (_, i) =>
        turnMessages((i * 7_919) % sessions, state.sequence + 1 + 3 * (next + i)),
      ).flat();
      next += count;
      const service = cpuOf(() => {
        for (const message of messages) applyMessage(state, message);
      });
      const events = messages.flatMap((message) => decodeEvent(message) ?? []);
      const viewed = cpuOf(() => {
        for (const event of events) evolveView(view, event as SessionFact);
      });
      return { service: service / count, view: viewed / count };
    },
    snapshot(): Snapshot {
      const { state, view } = filled;
      let longestMs = 0;
      let at = performance.now();
      const startedAt = at;
      const lap = (): number => {
        const took = performance.now() - at;
        longestMs = Math.max(longestMs, took);
        at = performance.now();
        return took;
      };
      const frozen = freeze(state);
      const freezeMs = lap();
      let text = "";
      for (const piece of textPieces(frozen)) {
        text += piece;
        lap();
      }
      const totalMs = performance.now() - startedAt;
      const whole = timed(() => JSON.stringify(stateToJson(state)));
      if (whole.value !== text) throw new Error("the pieces are not the whole");
      const load = timed(() => {
        const read = parseJson(text);
        stateHash(read);
        return stateFromJson(read);
      });
      const viewBytes = JSON.stringify(viewToJson(view)).length;
      return {
        freezeMs,
        longestMs,
        totalMs,
        bytes: text.length,
        wholeMs: whole.ms,
        loadMs: load.ms,
        viewBytes,
      };
    },
    /** One page of a user who has them all, ms. */
    list(): number {
      const names = Array.from({ length: sessions }, (_, n) => `session-${(n * 7_919) % sessions}`);
      return timed(() => firstNames(names, "session-5", 256, () => true)).ms;
    },
  };
});

function heapNow(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

function cpuOf(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

function timed<Value>(run: () => Value): { value: Value; ms: number } {
  const startedAt = performance.now();
  const value = run();
  return { value, ms: performance.now() - startedAt };
}
