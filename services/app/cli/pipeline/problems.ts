// Problems of a definition as lines with the file and the line in which they are.

import { asDspexError, DspexError } from "../../../../schemas/errors.ts";
import type { PipelineProblem } from "../../../client/mod.ts";
import type { SourcePipeline } from "./source.ts";

/** @throws DspexError with the lines for its message, where the service names problems of a definition. */
export async function withLines<T>(tell: SourcePipeline["tell"], ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    const error = asDspexError(thrown);
    const { problems } = (error.details ?? {}) as { problems?: readonly PipelineProblem[] };
    if (error.code !== "invalid_inputs" || !Array.isArray(problems) || problems.length === 0) throw thrown;
    throw new DspexError(error.code, problems.map(tell).join("\n"), { cause: thrown, details: { problems } });
  }
}
