// What calls are asked with, and what a run gives in the end. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { validateOutputs } from "../../../schemas/signature/values.ts";
import { type Compiled, type CompiledStage, graphAt } from "../definition/compiled.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Registered } from "./trial.ts";

type Outputs = Record<string, unknown>;

/** Inputs of a call; what is null where the program has a default is left out. */
export function callInputs(
  { values, stage }: CompiledStage,
  path: string,
  evaluator: Evaluator,
  registered: Registered,
): Outputs {
  const inputs = evaluator.values(values, path);
  if (stage.kind !== "call") return inputs;
  const signature = registered.program(stage.program, stage.version)?.signature;
  for (const field of signature?.inputs ?? []) {
    if (inputs[field.name] === null && field.default !== undefined && field.type.kind !== "optional")
      delete inputs[field.name];
  }
  return inputs;
}

/** What makes a call the same as one of an earlier run. */
export function reuseOfCall(program: string, inputs: Outputs, options: object | undefined): object {
  return { program, inputs, ...(options !== undefined && { options }) };
}

/** @throws MissingValues; DspexError `output_invalid` */
export function runOutputs(compiled: Compiled, evaluator: Evaluator): Outputs {
  const graph = graphAt(compiled, 0);
  const outputs = evaluator.values(graph.outputs, "");
  for (const field of compiled.signature.outputs)
    if (outputs[field.name] === null && field.default !== undefined && field.type.kind !== "optional")
      delete outputs[field.name];
  const validated = validateOutputs(compiled.signature, outputs, { references: true });
  if (validated.ok) return validated.value;
  const [problem] = validated.problems;
  throw new DspexError(
    "output_invalid",
    `${problem?.path ?? "outputs"}: expected ${problem?.expected}, got ${problem?.got}`,
    problem === undefined ? {} : { path: problem.path },
  );
}
