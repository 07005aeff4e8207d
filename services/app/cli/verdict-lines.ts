// Pure: what validators say of an answer, one line each.

import type { OutputVerdict, Validation } from "../../../schemas/messages/validator.ts";
import type { Paint } from "./explain-view.ts";
import { table } from "./table.ts";

export function verdictLines({ verdicts, quality }: Validation, paint: Paint): string[] {
  const lines = table(
    verdicts.map((one) => [`  ${one.validator}`, `outputs.${one.output}`, one.kind, word(one)]),
  );
  const head = quality === undefined ? "validators" : `validators: quality ${quality.toFixed(2)}`;
  return [
    paint("bold", head),
    ...lines.map((line, at) => (verdicts[at]?.valid === true ? line : paint("yellow", line))),
  ];
}

function word({ valid, score, problems = [] }: OutputVerdict): string {
  const share = score === undefined ? "" : ` (${score.toFixed(2)})`;
  if (valid) return `passed${share}`;
  const [first] = problems;
  const more = problems.length > 1 ? ", and more" : "";
  return `did not pass${share}: ${first?.path}: ${first?.message.replaceAll(/\s*\n\s*/g, " ")}${more}`;
}
