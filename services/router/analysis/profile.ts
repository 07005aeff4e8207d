// What a signature alone says of its tasks: computed once for a definition, not for each request.

import type { Field, Signature, Type } from "../../../schemas/signature/ast.ts";
import { clearCounts, counts, scanText } from "./scan.ts";
import { REASONING, TOOLS } from "./words.ts";

/** What comes out: one of few labels, text, or several values. */
export type Shape = "label" | "text" | "structure";

export interface TaskProfile {
  /** Input fields. */
  fieldCount: number;
  /** Kinds of the input types, sorted. */
  types: readonly string[];
  shape: Shape;
  outputCount: number;
  /** Of the deepest output type: `str` is 1, `list[str]` 2. */
  outputDepth: number;
  vision: boolean;
  /** By the words of instructions and descriptions, or by an output that asks for it. */
  reasoning: boolean;
  tools: boolean;
}

const REASONING_OUTPUTS: ReadonlySet<string> = new Set([
  "reasoning",
  "rationale",
  "explanation",
  "steps",
  "proof",
  "justification",
  "analysis",
  "plan",
]);

export function profileTask(signature: Signature): TaskProfile {
  clearCounts();
  const { instructions = "", inputs, outputs } = signature;
  scanText(instructions, 0, instructions.length);
  for (const { description = "" } of [...inputs, ...outputs]) scanText(description, 0, description.length);
  const reasons = outputs.some(({ name }) => REASONING_OUTPUTS.has(name));
  return {
    fieldCount: inputs.length,
    types: [...new Set(inputs.map(({ type }) => kindOf(type)))].sort(),
    shape: shapeOf(outputs),
    outputCount: outputs.length,
    outputDepth: Math.max(0, ...outputs.map(({ type }) => depthOf(type))),
    vision: inputs.some(({ type }) => kindOf(type) === "image"),
    reasoning: reasons || (counts.signs[REASONING] as number) > 0,
    tools: (counts.signs[TOOLS] as number) > 0,
  };
}

function shapeOf(outputs: readonly Field[]): Shape {
  const [first] = outputs;
  if (outputs.length !== 1 || first === undefined) return "structure";
  const kind = kindOf(first.type);
  if (kind === "literal" || kind === "bool") return "label";
  return kind === "str" ? "text" : "structure";
}

function kindOf(type: Type): Exclude<Type["kind"], "optional"> {
  return type.kind === "optional" ? type.of.kind : type.kind;
}

function depthOf(type: Type): number {
  switch (type.kind) {
    case "optional":
      return depthOf(type.of);
    case "list":
      return 1 + depthOf(type.items);
    case "dict":
      return 1 + depthOf(type.values);
    case "object":
      return 1 + Math.max(0, ...type.fields.map((field) => depthOf(field.type)));
    default:
      return 1;
  }
}
