// The programs that ship.

import type { ConfigInput } from "../../../schemas/config/config.ts";
import type { DefinedProgram } from "../../programs/define.ts";
import { answer } from "./answer.ts";
import { calculator } from "./calculator.ts";
import { echo, echoPython } from "./echo.ts";
import { extract } from "./extract.ts";
import { sentiment } from "./sentiment.ts";
import { solve } from "./solve.ts";
import { summarize } from "./summarize.ts";
import { topic } from "./topic.ts";

/** `models`: as the same configuration gives them; some programs have more implementations with more capable ones. */
export function shippedPrograms(models?: ConfigInput["models"]): readonly DefinedProgram[] {
  return [echo, echoPython, calculator, sentiment, topic, answer, summarize, extract, solve(models)];
}
