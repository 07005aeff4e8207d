// A program's validators, run over the outputs of one attempt: those that must hold first, then those that score.
// python-pools/dspex/validators/check_outputs.py says the same of the same.

import { DspexError } from "../../../../schemas/errors.ts";
import { MAX_VERDICT_PROBLEMS } from "../../../../schemas/limits.ts";
import type { OutputVerdict, Validation, Validator } from "../../../../schemas/messages/validator.ts";
import { checkFor } from "./from-inputs.ts";
import { type PathStep, partsAt, pathSteps } from "./output-parts.ts";
import { all, validate } from "./validate.ts";
import { invalid, type Problem, type Verdict } from "./verdict.ts";
import { toWireVerdict } from "./wire-verdict.ts";

type Values = Readonly<Record<string, unknown>>;

/** Characters of a message and of a path that travel. */
const MAX_TEXT = 300;
const NO_OPTIONS: Values = {};
const MISSING = invalid("$", "is missing");

const steps = new WeakMap<Validator, readonly PathStep[]>();

/**
 * Inputs and outputs as they travel, large values in place.
 * @throws DspexError `output_invalid`, so that the router tries what is next, with the validator that says no.
 */
export function checkOutputs(validators: readonly Validator[], inputs: Values, outputs: Values): Validation {
  const judge = (validator: Validator): Judged => verdictOn(validator, inputs, outputs);
  const must = new Map(validators.filter(isCondition).map((validator) => [validator, judge(validator)]));
  const failed = [...must.values()].flatMap(({ verdict }) => (verdict.valid ? [] : [verdict]));
  if (failed.length > 0) throw failure(validators, failed);
  const judged = validators.map((validator) => must.get(validator) ?? judge(validator));
  const scores = validators.flatMap((validator, at) => {
    const { verdict, isEmpty } = judged[at] as Judged;
    return isCondition(validator) || isEmpty ? [] : [verdict.score ?? (verdict.valid ? 1 : 0)];
  });
  return {
    ...(scores.length > 0 && { quality: scores.reduce((sum, score) => sum + score, 0) / scores.length }),
    verdicts: judged.map(({ verdict }) => verdict),
  };
}

interface Judged {
  verdict: OutputVerdict;
  /** There was nothing that it could have looked at. */
  isEmpty: boolean;
}

function isCondition({ onFailure }: Validator): boolean {
  return onFailure === "fail";
}

function verdictOn(validator: Validator, inputs: Values, outputs: Values): Judged {
  const { name, output, kind, options = NO_OPTIONS } = validator;
  const check = checkFor(kind, options, inputs);
  const found = partsAt(outputs, stepsOf(validator)).map(({ path, value }): Verdict => {
    const verdict = value === undefined ? MISSING : toWireVerdict(validate(value, check), value);
    return { ...verdict, problems: verdict.problems.map((problem) => placed(problem, path)) };
  });
  const [only] = found;
  const whole =
    found.length === 1 && only !== undefined
      ? only
      : all(found.map((one) => ({ ...one, score: one.score ?? (one.valid ? 1 : 0) })));
  return {
    isEmpty: found.length === 0,
    verdict: {
      validator: name,
      output,
      kind,
      valid: whole.valid,
      ...(whole.score !== undefined && { score: whole.score }),
      ...(!whole.valid && { problems: whole.problems.slice(0, MAX_VERDICT_PROBLEMS) }),
    },
  };
}

function stepsOf(validator: Validator): readonly PathStep[] {
  let known = steps.get(validator);
  if (known === undefined) {
    known = pathSteps(validator.output);
    steps.set(validator, known);
  }
  return known;
}

function placed({ path, message, span }: Problem, at: string): Problem {
  return {
    path: shortened(`outputs${at.slice(1)}${path.slice(1)}`),
    message: shortened(message),
    ...(span !== undefined && { span }),
  };
}

function failure(validators: readonly Validator[], failed: readonly OutputVerdict[]): DspexError {
  const told = failed.map((verdict) => (mayQuote(validators, verdict) ? verdict : withoutTexts(verdict)));
  const [first] = told;
  const problem = first?.problems?.[0];
  const more = told.length > 1 ? ` (and ${told.length - 1} more)` : "";
  const message = `validator "${first?.validator}": ${problem?.path}: ${problem?.message}${more}`;
  return new DspexError("output_invalid", message, { path: problem?.path, details: { validators: told } });
}

/** Errors are kept in logs and traces: of an output that must not hold personal data they repeat nothing. */
function mayQuote(validators: readonly Validator[], { output, kind }: OutputVerdict): boolean {
  if (kind === "pii") return true;
  return !validators.some((one) => one.kind === "pii" && fieldOf(one.output) === fieldOf(output));
}

function withoutTexts(verdict: OutputVerdict): OutputVerdict {
  const { kind, output } = verdict;
  return {
    ...verdict,
    problems: [{ path: `outputs.${output}`, message: `does not pass the check "${kind}"` }],
  };
}

function fieldOf(output: string): string {
  return /^\w+/.exec(output)?.[0] ?? output;
}

/** In code points: a pair of surrogates is not cut. */
function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const characters = [...text.slice(0, 2 * MAX_TEXT + 2)];
  return characters.length <= MAX_TEXT ? text : `${characters.slice(0, MAX_TEXT).join("")}…`;
}
