// A log in memory with the sessions service's fold and decisions on it, one step at a time and without any waiting: for
// tests that try what may happen in every order.

import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { SESSION_EVENTS } from "../../schemas/messages/session-event.ts";
import { resultSubject, sessionEventSubject } from "../../schemas/subjects.ts";
import { applyMessage } from "../../services/sessions/apply.ts";
import type { SessionsSettings } from "../../services/sessions/config.ts";
import { decideOpen, decideTurn, isToBeOpened, type SessionAppend } from "../../services/sessions/decide.ts";
import { tombstone } from "../../services/sessions/erase/tombstones.ts";
import { decodeEvent, type EventMessage, namedIn } from "../../services/sessions/event.ts";
import {
  findSession,
  initialState,
  resultWithoutTurn,
  type Session,
  type SessionsState,
} from "../../services/sessions/state.ts";
import { evolveView, initialView, type SessionFact } from "../../services/sessions/turns.ts";
import {
  type Answered,
  failedMessage,
  requestMessage,
  resultMessage,
  resultOf,
  type WrittenTo,
  workMessage,
} from "./session-log.ts";

export const USER = "ann";
const START_MS = Date.parse("2026-03-02T10:00:00Z");

interface Asked {
  id: string;
  session: string;
  requests: number[];
  work: number[];
  failures: number[];
  result?: { sequence: number; data: Result };
}

export class SessionsWorld {
  readonly messages: EventMessage[] = [];
  /** Sequences whose bytes were erased. */
  readonly erased = new Set<number>();
  readonly asked: Asked[] = [];
  readonly settings: SessionsSettings;
  state: SessionsState = initialState();
  view = initialView();
  timeMs = START_MS;

  constructor(settings: Partial<SessionsSettings> = {}) {
    this.settings = { ttlMs: 60_000, reopen: false, maxOpen: 1_000, ...settings };
  }

  find(session: string): Session | undefined {
    return findSession(this.state, USER, session);
  }

  ask(session: string, deadlineMs?: number): string {
    const id = `${USER}.c.${this.asked.length + 1}`;
    const inputs = { question: id };
    const sequence = this.write(requestMessage(id, session, inputs, { ...(deadlineMs && { deadlineMs }) }));
    this.asked.push({ id, session, requests: [sequence], work: [], failures: [] });
    return id;
  }

  /** The same message again, as a client sends it that got no acknowledgement. */
  resend({ id, session, requests }: Asked): void {
    requests.push(this.write(requestMessage(id, session, { question: id })));
  }

  attempt(asked: Asked, fails: boolean): void {
    asked.work.push(this.write(workMessage(asked.id, asked.session)));
    if (fails) asked.failures.push(this.write(failedMessage(asked.id)));
  }

  answer(asked: Asked, answered: Partial<Answered> = {}): void {
    const log = { request: asked.requests[0] ?? 0, work: asked.work, failures: asked.failures };
    const all = { session: asked.session, outputs: { answer: asked.id }, log, ...answered };
    const data = resultOf(asked.id, all);
    asked.result = { sequence: this.write(resultMessage(asked.id, all)), data };
  }

  /** One step of what the service writes by itself; false = nothing is due. */
  writeDue(name: string): boolean {
    const session = this.find(name);
    if (session === undefined) return false;
    if (isToBeOpened(session, this.settings)) {
      const request = session.open[0]?.sequence;
      return this.append(decideOpen(session, { user: USER, session: name, request }, this.settings));
    }
    const turn = resultWithoutTurn(session);
    if (turn === undefined) return false;
    const asked = this.asked.find(({ id }) => id === turn.id);
    const result = asked?.result?.data;
    const values = result?.outputs && { inputs: { question: turn.id }, outputs: result.outputs };
    return this.append(decideTurn(session, turn.id, { result, values }));
  }

  settle(name: string): void {
    while (this.writeDue(name));
  }

  append(decided: SessionAppend | undefined): boolean {
    if (decided === undefined) return false;
    const { verb, data } = decided;
    const time = new Date(this.timeMs).toISOString();
    const event = cloudEvent(SESSION_EVENTS[verb].type, "test", `e${this.messages.length}`, time, data);
    this.write({ subject: sessionEventSubject(USER, data.session, verb), body: JSON.stringify(event) });
    return true;
  }

  /** As the eraser does it, in one go. */
  erase(name: string): boolean {
    const session = this.find(name);
    if (session === undefined) return false;
    const running = new Set(session.open.map(({ id }) => id));
    const own = this.messages.filter(
      ({ subject, sequence }) =>
        namedIn(subject)?.session === name && !subject.endsWith(".erased") && !this.erased.has(sequence),
    );
    const log = new Set(own.map(({ sequence }) => sequence));
    const results = new Map<number, string>();
    const isTurn = (asked: Asked) =>
      own.some((message) => (message.json() as { data: { id?: string } }).data.id === asked.id);
    for (const asked of this.asked.filter((one) => one.session === name && !running.has(one.id))) {
      for (const sequence of asked.requests) log.add(sequence);
      if (!isTurn(asked) || asked.result === undefined) continue;
      for (const sequence of [...asked.work, ...asked.failures, asked.result.sequence]) log.add(sequence);
      results.set(asked.result.sequence, asked.id);
    }
    const stone = tombstone(session, { log, values: new Set(), results }, USER);
    this.append({ verb: "erased", data: stone });
    const of = this.messages.length;
    for (const { id } of stone.results) {
      const gone = { log: { request: 0, work: [], failures: [] }, status: "failed" as const };
      this.write({ ...resultMessage(id, gone), subject: resultSubject(id) });
    }
    for (const sequence of stone.log) this.erased.add(sequence);
    const done = { user: USER, session: name, status: "done" as const, of, messages: stone.log.length };
    return this.append({ verb: "erased", data: done });
  }

  write({ subject, body, headers = {} }: WrittenTo): number {
    this.timeMs += 1;
    const message: EventMessage = {
      subject,
      sequence: this.messages.length + 1,
      timeMs: this.timeMs,
      data: Buffer.from(body),
      header: (name) => headers[name],
      json: () => JSON.parse(body),
    };
    this.messages.push(message);
    applyMessage(this.state, message);
    const event = decodeEvent(message);
    // A router takes in a request once, however often it was sent.
    const isCopy = event?.kind === "request" && this.asked.some(({ id }) => id === event.id);
    if (event !== undefined && event.kind !== "work" && event.kind !== "attempt-failed" && !isCopy)
      evolveView(this.view, event as SessionFact);
    return message.sequence;
  }

  /** A fold from another state and place on, of what is left. */
  replay(state: SessionsState = initialState(), after = 0): SessionsState {
    for (const message of this.messages) {
      if (message.sequence > after && !this.erased.has(message.sequence)) applyMessage(state, message);
    }
    return state;
  }
}
