// The options of a request that `call` and `submit` share.

import { type Command, InvalidArgumentError } from "commander";
import { parseJson } from "../../../schemas/envelope/json.ts";
import type { CallOptions } from "../../client/mod.ts";
import { duration, wholeNumber } from "./context.ts";

export interface RequestFlags {
  id?: string;
  session?: string;
  deadline?: number;
  priority?: number;
  prefer?: "speed" | "quality" | "cost";
  implementation?: string;
  programVersion?: string;
  variables?: Record<string, unknown>;
  user?: string;
}

export const INPUTS_HELP = "field=text, field:=json, field=@file, one JSON object, or - for standard input";

export function withRequestOptions(command: Command): Command {
  return command
    .option("--id <id>", "an id of your own: the same id again gives the same result")
    .option("--session <session>", "turn of a conversation")
    .option("--deadline <duration>", "give up after this, e.g. 30s (default 5m)", duration)
    .option("--priority <0-9>", "9 is the most urgent, 5 the default", wholeNumber)
    .option("--prefer <goal>", "speed, quality or cost", goal)
    .option("--implementation <name>", "this implementation and no other")
    .option("--program-version <version>", "this version of the program")
    .option("--variables <json>", "values of variables for this request", variables)
    .option("--user <name>", "as this application user (default: local)");
}

export function callOptions(flags: RequestFlags): CallOptions {
  const { id, session, priority, prefer, implementation, variables: values } = flags;
  return {
    ...(id !== undefined && { id }),
    ...(session !== undefined && { session }),
    ...(flags.deadline !== undefined && { deadlineMs: Math.round(flags.deadline) }),
    ...(priority !== undefined && { priority }),
    ...(prefer !== undefined && { prefer }),
    ...(implementation !== undefined && { implementation }),
    ...(flags.programVersion !== undefined && { version: flags.programVersion }),
    ...(values !== undefined && { variables: values }),
  };
}

function goal(value: string): string {
  if (!["speed", "quality", "cost"].includes(value))
    throw new InvalidArgumentError("Expected speed, quality or cost.");
  return value;
}

function variables(value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    throw new InvalidArgumentError("Expected a JSON object.");
  }
}
