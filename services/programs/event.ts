// Decodes the events of programs, versions and optimisations into the closed union that the registry folds.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId } from "../../schemas/envelope/ids.ts";
import { OPTIMIZATION_EVENTS } from "../../schemas/messages/optimization-event.ts";
import {
  type ProgramDefinition,
  programRegisteredSchema,
  programRemovedSchema,
} from "../../schemas/messages/program-event.ts";
import { VERSION_EVENTS } from "../../schemas/messages/version-event.ts";
import {
  OPTIMIZATION_EVENTS_FILTER,
  OPTIMIZATION_RESULTS_FILTER,
  PROGRAM_EVENTS_FILTER,
  parseLogSubject,
} from "../../schemas/subjects.ts";
import type { OptimizationEvent } from "./optimize/evolve.ts";
import type { VersionEvent } from "./versions/evolve.ts";

export type ProgramEvent =
  | { kind: "registered"; sequence: number; timeMs: number; definition: ProgramDefinition; by: string }
  | { kind: "removed"; sequence: number; timeMs: number; name: string }
  | VersionEvent
  | OptimizationEvent;

/** What the registry folds. */
export const PROGRAMS_FILTERS = [
  PROGRAM_EVENTS_FILTER,
  OPTIMIZATION_EVENTS_FILTER,
  OPTIMIZATION_RESULTS_FILTER,
] as const;

export interface ProgramMessage {
  subject: string;
  sequence: number;
  timeMs: number;
  json(): unknown;
}

interface At {
  sequence: number;
  timeMs: number;
}

/** @throws on a known event that does not fit its schema. */
export function decodeEvent(message: ProgramMessage): ProgramEvent | undefined {
  const subject = parseLogSubject(message.subject);
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  const data = () => (message.json() as CloudEvent<unknown>).data;
  if (subject.kind === "result") {
    const id = parseRequestId(subject.id);
    if (id?.kind !== "derived" || id.maker !== "o") return undefined;
    return { kind: "optimization-answered", ...at, data: { run: id.key, user: id.user } };
  }
  if (subject.kind !== "event") return undefined;
  if (subject.entity === "program") return programEvent(subject.verb, at, data);
  if (subject.entity === "optimization") return optimizationEvent(subject.verb, at, data);
  return undefined;
}

function programEvent(verb: string, at: At, data: () => unknown): ProgramEvent | undefined {
  switch (verb) {
    case "registered": {
      const { by, ...definition } = programRegisteredSchema.parse(data());
      return { kind: verb, ...at, definition, by };
    }
    case "removed":
      return { kind: verb, ...at, name: programRemovedSchema.parse(data()).name };
    case "version-published":
      return { kind: verb, ...at, data: VERSION_EVENTS[verb].schema.parse(data()) };
    case "canary-started":
      return { kind: verb, ...at, data: VERSION_EVENTS[verb].schema.parse(data()) };
    case "promoted":
      return { kind: verb, ...at, data: VERSION_EVENTS[verb].schema.parse(data()) };
    case "rolled-back":
      return { kind: verb, ...at, data: VERSION_EVENTS[verb].schema.parse(data()) };
    case "withdrawn":
      return { kind: verb, ...at, data: VERSION_EVENTS[verb].schema.parse(data()) };
    default:
      return undefined;
  }
}

function optimizationEvent(verb: string, at: At, data: () => unknown): ProgramEvent | undefined {
  switch (verb) {
    case "started":
      // A search over variables is theirs.
      if (Object.hasOwn(data() as object, "variables")) return undefined;
      return { kind: "optimization-started", ...at, data: OPTIMIZATION_EVENTS[verb].schema.parse(data()) };
    case "trial-finished":
      return { kind: "optimization-trial", ...at, data: OPTIMIZATION_EVENTS[verb].schema.parse(data()) };
    case "finished":
      return { kind: "optimization-finished", ...at, data: OPTIMIZATION_EVENTS[verb].schema.parse(data()) };
    case "failed":
      return { kind: "optimization-failed", ...at, data: OPTIMIZATION_EVENTS[verb].schema.parse(data()) };
    case "cancelled":
      return { kind: "optimization-cancelled", ...at, data: OPTIMIZATION_EVENTS[verb].schema.parse(data()) };
    default:
      return undefined;
  }
}
