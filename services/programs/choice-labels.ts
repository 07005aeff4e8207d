// The labels that a choice picks among, as the texts by which declarations, prompts and scores name them. Pure.

import type { LiteralValue, Signature } from "../../schemas/signature/mod.ts";
import { textOf } from "../native/adapters/template.ts";

export interface ChoiceLabel {
  text: string;
  value: LiteralValue;
}

/** In declared order; undefined = the signature's output is no choice. */
export function choiceLabels({ outputs }: Signature): ChoiceLabel[] | undefined {
  const [output] = outputs;
  if (output === undefined || outputs.length > 1) return undefined;
  switch (output.type.kind) {
    case "bool":
      return [true, false].map(labelled);
    case "literal":
      return output.type.values.map(labelled);
    default:
      return undefined;
  }
}

function labelled(value: LiteralValue): ChoiceLabel {
  return { text: value === null ? "null" : textOf(value), value };
}
