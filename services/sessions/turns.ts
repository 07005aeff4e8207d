// What a router has to know of sessions: whose turn it is, and which sessions are over. Pure, and small: of a session
// that is open and has nothing to do it knows nothing. What history a turn gets is in the log (`history.ts`); contents
// that passed by are kept to spare reading them, and are no part of the state.
//
//   request ─▶ turnOf: now │ waits │ gone │ overloaded      turn-added ─▶ nextOf: whose turn it is then

import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import type { SessionEvent } from "./event.ts";
import { type OpenTurn, openTurnsAt, SESSIONS_BOUNDS, sessionKey } from "./state.ts";

/** Bounds of the view; together they bound its memory whatever the log holds. */
export const VIEW_BOUNDS = {
  /** Requests with a session that have no turn yet; further ones do not wait for each other. ~150 B each. */
  open: 200_000,
  /** Of one session; further ones are answered `overloaded`. */
  openOfSession: SESSIONS_BOUNDS.openTurns,
  /** Sessions that are over, the oldest first out: one that is forgotten counts as unknown. ~150 B each. */
  ended: 100_000,
  /** Sessions whose history's place in the log is known without asking. ~500 B each. */
  places: 10_000,
  /** JSON of turns that passed by, in characters. */
  contents: 16_777_216,
  /** Sessions of which it is known who answered last, least recently answered first out. ~150 B each. */
  workers: 100_000,
} as const;

/** What of the log the view is folded from. A request counts once: of several with one id the first. */
export type SessionFact =
  | {
      kind: "request";
      user: string;
      session: string;
      id: string;
      sequence: number;
      timeMs: number;
      deadlineAtMs: number;
    }
  | { kind: "result"; user: string; session: string; id: string; sequence: number; timeMs: number }
  | SessionEvent;

type OpenRequest = Pick<OpenTurn, "id" | "sequence" | "deadlineAtMs" | "result">;

interface EndedSession {
  status: "closed" | "expired" | "erased";
  sequence: number;
}

/** A turn as programs get it. */
export interface HistoryTurn {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** A turn that is history, with the id of its request; without contents where these are too large. */
export interface PastTurn {
  id: string;
  turn: HistoryTurn | undefined;
}

export interface SessionsView {
  /** By `sessionKey`, in order of their sequence. */
  open: Map<string, OpenRequest[]>;
  openCount: number;
  ended: Map<string, EndedSession>;
  /** Who answered last in each pool, by key. */
  workers: Map<string, Readonly<Record<string, string>>>;
  /** Sequences of the turns that are history now, by key. No part of the state. */
  places: Map<string, readonly number[]>;
  /** Contents of turns by sequence. No part of the state. */
  contents: Map<number, { turn: PastTurn; characters: number }>;
  characters: number;
}

export function initialView(): SessionsView {
  return {
    open: new Map(),
    openCount: 0,
    ended: new Map(),
    workers: new Map(),
    places: new Map(),
    contents: new Map(),
    characters: 0,
  };
}

export function evolveView(view: SessionsView, fact: SessionFact): SessionsView {
  const key = sessionKey(fact.user, fact.session);
  switch (fact.kind) {
    case "request": {
      const { id, sequence, deadlineAtMs } = fact;
      addOpen(view, key, { id, sequence, deadlineAtMs, result: 0 }, fact.timeMs);
      return view;
    }
    case "result":
      addResult(view, key, fact);
      return view;
    case "turn-added":
      setOpen(
        view,
        key,
        (view.open.get(key) ?? []).filter(({ id }) => id !== fact.data.id),
      );
      keepTurn(view, key, fact);
      keepWorker(view, key, fact.data);
      return view;
    case "opened":
      view.ended.delete(key);
      return view;
    case "forked":
      view.ended.delete(key);
      keepPlaces(view, key, fact.data.history);
      return view;
    case "expired":
      // As the sessions service has it: what was asked before it in the log keeps the session.
      if (openAt(view, key, fact.timeMs).length === 0) end(view, key, "expired", fact.sequence);
      return view;
    case "closed":
      end(view, key, "closed", fact.sequence);
      return view;
    case "erased":
      if (fact.data.status !== "begun") return view;
      if (fact.data.upTo === undefined) end(view, key, "erased", fact.sequence);
      forget(view, key, fact.data.log);
      return view;
    case "context-set":
    case "other":
      return view;
    default: {
      const unknown: never = fact;
      void unknown;
      return view;
    }
  }
}

/** Whether a request may run. */
export type TurnState =
  | { status: "now" }
  /** Until the turn of `behind`, and of all before it, is in the log. */
  | { status: "waits"; behind: string }
  | { status: "gone"; why: EndedSession["status"] }
  | { status: "overloaded"; waiting: number };

/**
 * Whose turn it is, for a request that the view has folded.
 * @param nowMs log time; a request that nobody answered a minute after its deadline holds nobody up.
 */
export function turnOf(
  view: SessionsView,
  { user, session, id, sequence }: { user: string; session: string; id: string; sequence: number },
  { reopen, nowMs }: { reopen: boolean; nowMs: number },
): TurnState {
  const key = sessionKey(user, session);
  const ended = view.ended.get(key);
  if (ended !== undefined && !reopen && sequence > ended.sequence)
    return { status: "gone", why: ended.status };
  const open = openAt(view, key, nowMs);
  const [first] = open;
  if (first === undefined || first.id === id) return { status: "now" };
  if (open.some((one) => one.id === id)) return { status: "waits", behind: first.id };
  return open.length >= VIEW_BOUNDS.openOfSession
    ? { status: "overloaded", waiting: open.length }
    : { status: "now" };
}

/** A request of the session has no turn in the log yet. */
export function isBusy(view: SessionsView, user: string, session: string, nowMs: number): boolean {
  return openAt(view, sessionKey(user, session), nowMs).length > 0;
}

/** The id of the request whose turn it is; undefined when none waits, or it has its result and awaits its turn's event. */
export function nextOf(view: SessionsView, user: string, session: string, nowMs: number): string | undefined {
  const [first] = openAt(view, sessionKey(user, session), nowMs);
  return first === undefined || first.result > 0 ? undefined : first.id;
}

function openAt(view: SessionsView, key: string, nowMs: number): readonly OpenRequest[] {
  const open = view.open.get(key);
  return open === undefined ? [] : openTurnsAt({ open }, nowMs);
}

function addOpen(view: SessionsView, key: string, request: OpenRequest, timeMs: number): void {
  const open = openAt(view, key, timeMs);
  const isKnown = open.some(({ id }) => id === request.id);
  const isFull = open.length >= VIEW_BOUNDS.openOfSession || view.openCount >= VIEW_BOUNDS.open;
  setOpen(view, key, isKnown || isFull ? open : [...open, request]);
}

/** Its turn's event has to come before the next one may run, whether or not the request was seen. */
function addResult(
  view: SessionsView,
  key: string,
  { id, sequence, timeMs }: SessionFact & { kind: "result" },
): void {
  const open = openAt(view, key, timeMs);
  const isKnown = open.some((one) => one.id === id);
  setOpen(
    view,
    key,
    isKnown
      ? open.map((one) => (one.id === id ? { ...one, result: sequence } : one))
      : [{ id, sequence: 0, deadlineAtMs: timeMs, result: sequence }, ...open],
  );
}

function setOpen(view: SessionsView, key: string, open: readonly OpenRequest[]): void {
  view.openCount += open.length - (view.open.get(key)?.length ?? 0);
  if (open.length === 0) view.open.delete(key);
  else view.open.set(key, [...open]);
}

function end(view: SessionsView, key: string, status: EndedSession["status"], sequence: number): void {
  if (!view.ended.has(key) || status === "erased") {
    view.ended.delete(key);
    view.ended.set(key, { status, sequence });
  }
  view.places.delete(key);
  view.workers.delete(key);
  dropOldest(view.ended, VIEW_BOUNDS.ended);
}

/** TypeScript workers and routers: what is kept of a session is with the model's server. */
const KEEPS_NOTHING = "native";

function keepWorker(
  { workers }: SessionsView,
  key: string,
  { status, worker }: Pick<SessionTurnAdded, "status" | "worker">,
): void {
  const [pool, name] = worker?.split("/") ?? [];
  if (status !== "succeeded" || pool === undefined || name === undefined || pool === KEEPS_NOTHING) return;
  const others = workers.get(key);
  workers.delete(key);
  workers.set(key, { ...others, [pool]: name });
  dropOldest(workers, VIEW_BOUNDS.workers);
}

function keepTurn(
  view: SessionsView,
  key: string,
  { sequence, data }: SessionEvent & { kind: "turn-added" },
): void {
  const isHistory = data.status === "succeeded";
  keepPlaces(view, key, isHistory ? [...data.history, sequence] : data.history);
  const { inputs, outputs } = data;
  if (!isHistory || inputs === undefined || outputs === undefined) return;
  const characters = lengthOf(inputs) + lengthOf(outputs);
  view.contents.set(sequence, { turn: { id: data.id, turn: { inputs, outputs } }, characters });
  view.characters += characters;
  for (const [oldest, { characters: its }] of view.contents) {
    if (view.characters <= VIEW_BOUNDS.contents) break;
    view.contents.delete(oldest);
    view.characters -= its;
  }
}

function keepPlaces(view: SessionsView, key: string, places: readonly number[]): void {
  view.places.delete(key);
  view.places.set(key, places.slice(-SESSIONS_BOUNDS.history));
  dropOldest(view.places, VIEW_BOUNDS.places);
}

/** Erased means erased: nothing of it may be in a prompt again, also not of a session that was forked from it. */
function forget(view: SessionsView, key: string, log: readonly number[]): void {
  view.places.delete(key);
  for (const sequence of log) {
    view.characters -= view.contents.get(sequence)?.characters ?? 0;
    view.contents.delete(sequence);
  }
}

function dropOldest<Value>(map: Map<string, Value>, most: number): void {
  if (map.size > most) map.delete(map.keys().next().value as string);
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? inner.toString() : inner))
    .length;
}

/** Plain JSON, the same for the same view: its part of a router's snapshot. */
export interface ViewJson {
  open: [key: string, requests: OpenRequest[]][];
  ended: [key: string, ended: EndedSession][];
  workers: [key: string, byPool: Readonly<Record<string, string>>][];
}

export function viewToJson({ open, ended, workers }: SessionsView): ViewJson {
  return { open: [...open], ended: [...ended], workers: [...workers] };
}

export function viewFromJson({ open, ended, workers }: ViewJson): SessionsView {
  return {
    ...initialView(),
    open: new Map(open),
    openCount: open.reduce((count, [, requests]) => count + requests.length, 0),
    ended: new Map(ended),
    workers: new Map(workers),
  };
}
