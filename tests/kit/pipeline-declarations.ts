// Small pipelines for tests: stages that echo, one input, one output of any kind.

import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";

export const from = (reference: string) => ({ $from: reference });

export function echo(name: string, text: unknown, more: object = {}): object {
  return { name, kind: "call", program: "echo", inputs: { text }, ...more };
}

export function pipeline(stages: object[], out: unknown, more: object = {}): PipelineDeclaration {
  return {
    name: "test",
    signature: "text: str = '' -> out: Any",
    stages,
    outputs: { out },
    ...more,
  } as PipelineDeclaration;
}
