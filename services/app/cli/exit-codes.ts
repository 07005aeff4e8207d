// What the exit code of a dspex command tells a script. `dspex --help` and docs/cli.md list them.

import { asDspexError, type DspexError } from "../../../schemas/errors.ts";
import { BrokerError } from "../../broker/mod.ts";

export const EXIT = {
  ok: 0,
  /** The request failed or was cancelled; doctor found something wrong. */
  failed: 1,
  /** Wrong arguments. */
  usage: 2,
  /** No server, or nothing that answers there. */
  unreachable: 3,
  /** Refused: wrong password, or a right that this user has not. */
  refused: 4,
  /** What was asked for is not there: no such request, program, user. */
  notFound: 5,
  /** There is no result yet. */
  pending: 6,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that has said all there is to say and ends with this code. */
export class Exit extends Error {
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message = "") {
    super(message);
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof Exit) return thrown.exitCode;
  if (thrown instanceof BrokerError) return exitCodeOfBroker(thrown);
  return exitCodeOfError(asDspexError(thrown));
}

function exitCodeOfBroker({ kind }: BrokerError): ExitCode {
  switch (kind) {
    case "unknown-user":
      return EXIT.notFound;
    case "invalid-user-name":
      return EXIT.usage;
    case "no-credentials":
    case "not-running":
      return EXIT.unreachable;
    default:
      return EXIT.failed;
  }
}

function exitCodeOfError(error: DspexError): ExitCode {
  switch (error.code) {
    case "invalid_inputs":
      return EXIT.usage;
    case "unavailable":
      return EXIT.unreachable;
    case "not_allowed":
      return EXIT.refused;
    case "not_found":
    case "unknown_program":
    case "unknown_version":
      return EXIT.notFound;
    default:
      return EXIT.failed;
  }
}
