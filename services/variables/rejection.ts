// A command that was refused, as the log records it. Pure.

import type { DspexError } from "../../schemas/errors.ts";
import { MAX_VARIABLES } from "../../schemas/messages/variable-event.ts";
import type { Command } from "./decide.ts";
import type { VariableAppend } from "./event.ts";

const MAX_NAME = 64;

export function rejectionOf(command: Command, error: DspexError): VariableAppend {
  const { kind, by, reason } = command;
  return {
    verb: "rejected",
    data: {
      command: kind,
      names: namesOf(command)
        .slice(0, MAX_VARIABLES)
        .map((name) => name.slice(0, MAX_NAME)),
      by,
      ...(reason !== undefined && { reason }),
      error: error.toWire(),
    },
  };
}

function namesOf(command: Command): string[] {
  switch (command.kind) {
    case "register":
      return command.variables.flatMap((declaration) => {
        const name = (declaration as { name?: unknown } | null)?.name;
        return typeof name === "string" ? [name] : [];
      });
    case "set":
      return Object.keys(command.values);
    case "reset":
      return [...command.names];
    case "deprecate":
      return [command.name];
    default: {
      const unknown: never = command;
      return unknown;
    }
  }
}
