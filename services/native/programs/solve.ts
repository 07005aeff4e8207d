// `solve`: word problems. The model reads the arithmetic out of the text and the computer computes it; a model that
// can call tools may also reason in turns with the calculator at hand. The result names the implementation that ran.

import type { ConfigInput } from "../../../schemas/config/config.ts";
import { type DefinedProgram, defineProgram, dspy, python } from "../../programs/define.ts";

/** `models`: as configured; without one that calls tools there is no agent. */
export function solve(models?: ConfigInput["models"]): DefinedProgram {
  const agentModel = Object.entries(models?.models ?? {}).find(
    ([, model]) => model.capabilities?.tools === true,
  )?.[0];
  const agent =
    agentModel === undefined
      ? []
      : [
          dspy("react", {
            pool: "general",
            module: "ReAct",
            model: agentModel,
            tools: [{ program: "calculator" }],
            parameters: { maxIters: 6 },
            maxTokens: 800,
          }),
        ];
  return defineProgram("solve", "problem: str(min_length=1) -> answer: str, working: str", {
    description: "Solves an arithmetic word problem and shows the calculation.",
    implementations: [
      ...agent,
      python("extract-and-calculate", { pool: "general", entry: "solve", temperature: 0, maxTokens: 60 }),
    ],
  });
}
