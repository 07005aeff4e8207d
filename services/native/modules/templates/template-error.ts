// The engine's errors as this system's: what is wrong, with the line and column of the template.

import { DspexError } from "../../../../schemas/errors.ts";

/** What a filter or a limit has to say; the engine adds the place. */
export class RenderProblem extends Error {}

interface Placed {
  token?: { getPosition?: () => [line: number, column: number] };
  partial?: string;
  message?: string;
}

/** Behind an engine's message. */
const PLACE = /, (?:file:[^\n]*?, )?line:\d+, col:\d+$/;
const NO_PARTIAL = /^ENOENT: Failed to lookup ("[^\n]*") in /;
const MISSING = /^undefined variable: (.*)$/s;

export function templateError(thrown: unknown): DspexError {
  if (thrown instanceof DspexError) return thrown;
  const { token, partial, message = String(thrown) } = thrown as Placed;
  if (thrown instanceof RangeError)
    return new DspexError("invalid_inputs", "template: blocks nest too deep", {
      path: "template",
      cause: thrown,
    });
  const [line, column] = token?.getPosition?.() ?? [];
  const what = message.replace(PLACE, "");
  const variable = MISSING.exec(what)?.[1];
  const told = variable === undefined ? retold(what) : `there is no value for ${JSON.stringify(variable)}`;
  const within = partial === undefined ? "" : ` of partial ${JSON.stringify(partial)}`;
  const where = line === undefined ? "" : ` at line ${line}, column ${column}${within}`;
  return new DspexError("invalid_inputs", `template: ${told}${where}`, {
    path: "template",
    details: {
      ...(line !== undefined && { line, column }),
      ...(partial !== undefined && { partial }),
      ...(variable !== undefined && { variable }),
    },
    cause: thrown,
  });
}

function retold(message: string): string {
  // Each level is a call of the engine's.
  if (message.includes("Maximum call stack")) return "blocks nest too deep";
  const partial = NO_PARTIAL.exec(message)?.[1];
  return partial === undefined ? message : `there is no partial ${partial}`;
}
