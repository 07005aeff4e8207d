// One variable event of the log as an observer gets it. Pure.

import type { z } from "zod";
import {
  VARIABLE_EVENTS,
  type VariableChange,
  type VariableDefinition,
  type VariableMetric,
  type VariableRejected,
} from "../../schemas/messages/variable-event.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import { matchesPattern } from "../../schemas/variable-pattern.ts";
import type { StoryEvent } from "./observe.ts";

interface Update {
  sequence: number;
  /** Log timestamp, RFC 3339. */
  time: string;
  by: string;
  reason?: string;
}
export interface VariableChanges extends Update {
  verb: "registered" | "changed" | "reset" | "deprecated";
  /** One whole change: what follows from a value comes with it. */
  changes: VariableChange[];
  /** What was declared anew. */
  definitions?: VariableDefinition[];
  metric?: VariableMetric;
}
export interface VariableRefusal extends Update {
  verb: "rejected";
  command: VariableRejected["command"];
  names: string[];
  error: VariableRejected["error"];
}
/** One event, as far as it is about the variables that were asked for. */
export type VariableUpdate = VariableChanges | VariableRefusal;

/**
 * Undefined = of no variable that is meant, or nothing new: values are told again before the log forgets them.
 * @param seen versions by name; brought up to date.
 */
export function updateOf(
  event: StoryEvent,
  pattern: string,
  seen: Map<string, number>,
): VariableUpdate | undefined {
  const subject = parseLogSubject(event.subject);
  const { sequence, time } = event;
  const fresh = (
    verb: VariableChanges["verb"],
    changes: VariableChange[],
    data: Omit<Update, "sequence" | "time">,
  ) => freshOnly({ sequence, time, verb, changes, ...data }, pattern, seen);
  switch (subject.kind === "event" ? subject.verb : "") {
    case "registered": {
      const data = read(VARIABLE_EVENTS.registered, event);
      const update = data && fresh("registered", data.changes, whyOf(data));
      if (update === undefined) return undefined;
      const names = new Set(update.changes.map(({ name }) => name));
      return { ...update, definitions: data?.definitions.filter(({ name }) => names.has(name)) ?? [] };
    }
    case "changed": {
      const data = read(VARIABLE_EVENTS.changed, event);
      const update = data && fresh("changed", data.changes, whyOf(data));
      return update && data?.metric !== undefined ? { ...update, metric: data.metric } : update;
    }
    case "reset": {
      const data = read(VARIABLE_EVENTS.reset, event);
      return data && fresh("reset", data.changes, whyOf(data));
    }
    case "deprecated": {
      const data = read(VARIABLE_EVENTS.deprecated, event);
      if (data === undefined) return undefined;
      const { definition, value, version } = data;
      return fresh("deprecated", [{ name: definition.name, value, version }], whyOf(data));
    }
    case "rejected": {
      const data = read(VARIABLE_EVENTS.rejected, event);
      const names = data?.names.filter((name) => matchesPattern(name, pattern)) ?? [];
      if (data === undefined || names.length === 0) return undefined;
      const { command, error } = data;
      return { sequence, time, verb: "rejected", command, names, error, ...whyOf(data) };
    }
    default:
      return undefined;
  }
}

function freshOnly(
  update: VariableChanges,
  pattern: string,
  seen: Map<string, number>,
): VariableChanges | undefined {
  const changes = update.changes.filter(({ name, version }) => {
    return matchesPattern(name, pattern) && version > (seen.get(name) ?? 0);
  });
  for (const { name, version } of changes) seen.set(name, version);
  return changes.length === 0 ? undefined : { ...update, changes };
}

/** What cannot be read changes nothing, as for the service. */
function read<Schema extends z.ZodType>(
  { schema }: { schema: Schema },
  event: StoryEvent,
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(event.data);
  return parsed.success ? parsed.data : undefined;
}

function whyOf({ by, reason }: { by: string; reason?: string | undefined }): { by: string; reason?: string } {
  return { by, ...(reason !== undefined && { reason }) };
}
