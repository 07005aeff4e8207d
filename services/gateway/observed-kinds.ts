// Which events of the log a user may observe, by kind, and under which patterns they are. Pure.

import { parseLogSubject, USER_EVENTS } from "../../schemas/subjects.ts";

export type Kind = keyof typeof USER_EVENTS;
export const KINDS = Object.keys(USER_EVENTS) as [Kind, ...Kind[]];

/** Of a subject, or of a pattern of one kind: the pattern that its owner observes; undefined = nobody may. */
export function patternOf(subject: string): string | undefined {
  const owned = ownerOf(subject);
  return owned === undefined ? undefined : USER_EVENTS[owned.kind](owned.user);
}

/** The same for all users. */
export function wideOf(pattern: string): string {
  const owned = ownerOf(pattern);
  return owned === undefined ? pattern : USER_EVENTS[owned.kind]("*");
}

function ownerOf(subject: string): { kind: Kind; user: string } | undefined {
  const parsed = parseLogSubject(subject);
  switch (parsed.kind) {
    case "request":
      return { kind: "request", user: parsed.user };
    case "result":
      return { kind: "result", user: firstOf(parsed.id) };
    case "event":
      switch (parsed.entity) {
        case "session":
        case "pipeline":
          return { kind: parsed.entity, user: firstOf(parsed.name ?? "") };
        case "variable":
          return { kind: "variable", user: "*" };
        case "program":
          return parsed.verb === "registered" ? { kind: "program", user: "*" } : undefined;
        default:
          return undefined;
      }
    default:
      return undefined;
  }
}

const firstOf = (tokens: string): string => tokens.split(".", 1)[0] ?? "";
