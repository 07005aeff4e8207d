// Pure: which events of the log a command is to show, and the subject filters that let the server leave out the rest.

import {
  kindFilter,
  LOG_SUBJECTS,
  REQUEST_EVENTS_FILTER,
  requestsFilter,
} from "../../../schemas/subjects.ts";
import { kindName, type LogEvent } from "./log-event.ts";

export interface EventFilter {
  program?: string | undefined;
  request?: string | undefined;
  session?: string | undefined;
  user?: string | undefined;
  /** `request`, `work`, `result`, `attempt.failed`, `worker`, `worker.lost`, … */
  types?: readonly string[] | undefined;
}

/** Subject patterns that have everything that matches, and often more. */
export function subjectsOf({ types, user, program }: EventFilter): string[] {
  if (types === undefined || types.length === 0) return [...LOG_SUBJECTS];
  return types.map((type) => {
    const [entity = "", verb] = type.split(".");
    if (entity === "request")
      return verb === undefined ? requestsFilter(user, program) : REQUEST_EVENTS_FILTER;
    return kindFilter(entity);
  });
}

export function matches(event: LogEvent, filter: EventFilter): boolean {
  const { program, request, session, user, types } = filter;
  if (program !== undefined && event.program !== program) return false;
  if (request !== undefined && event.id !== request) return false;
  if (session !== undefined && event.session !== session) return false;
  if (user !== undefined && event.user !== user) return false;
  return types === undefined || types.length === 0 || types.some((type) => isOfType(event, type));
}

function isOfType(event: LogEvent, type: string): boolean {
  const name = kindName(event.kind);
  return name === type || name.startsWith(`${type}.`) || event.type === type;
}
