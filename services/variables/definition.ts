// One declaration → the definition that is registered, checked as far as it can be without the others. Pure.

import { check } from "../../schemas/envelope/check.ts";
import { DspexError, isDspexError } from "../../schemas/errors.ts";
import { type VariableDefinition, variableDefinitionSchema } from "../../schemas/messages/variable-event.ts";
import { type Expression, parseExpression } from "./expression/parse.ts";
import { checkValue } from "./fits.ts";

/** Words of the expression language. */
const WORDS: ReadonlySet<string> = new Set(["true", "false", "and", "or", "not"]);

/** @throws DspexError `invalid_inputs` with the path of what does not fit. */
export function definitionOf(declaration: unknown, path: string): VariableDefinition {
  const definition = check(variableDefinitionSchema, declaration, path);
  const misfit = (message: string, member: string) =>
    new DspexError("invalid_inputs", `variable "${definition.name}": ${message}`, {
      path: `${path}.${member}`,
    });
  if (WORDS.has(definition.name)) throw misfit("is a word of the expression language", "name");
  checkBounds(definition, misfit);
  const { default: given, expression } = definition;
  if ((given === undefined) === (expression === undefined))
    throw misfit("needs a default or an expression, one of both", "default");
  if (given !== undefined) checkValue(definition, given, `${path}.default`);
  if (expression !== undefined) parsed(definition, expression, `${path}.expression`);
  definition.constraints?.forEach((constraint, n) => {
    parsed(definition, constraint.expression, `${path}.constraints[${n}].expression`);
  });
  return definition;
}

type Misfit = (message: string, member: string) => DspexError;

function checkBounds(definition: VariableDefinition, misfit: Misfit): void {
  if (definition.kind === "string") {
    const { minLength = 0, maxLength } = definition;
    if (maxLength !== undefined && minLength > maxLength)
      throw misfit(`minLength ${minLength} is above maxLength ${maxLength}`, "minLength");
    return;
  }
  if (definition.kind === "choice" || definition.kind === "module") {
    const { choices } = definition;
    const twice = choices.find((choice, n) => choices.indexOf(choice as never) < n);
    if (twice !== undefined) throw misfit(`${JSON.stringify(twice)} is a choice twice`, "choices");
    return;
  }
  if (definition.kind !== "float" && definition.kind !== "integer") return;
  const { min, max, step, log } = definition;
  if (min > max) throw misfit(`min ${min} is above max ${max}`, "min");
  if (log === true && min <= 0) throw misfit(`min ${min} has no logarithm, it must be above 0`, "min");
  if (log === true && step !== undefined) throw misfit("has log or a step, not both", "step");
  if (step !== undefined && step > max - min && max > min)
    throw misfit(`step ${step} is wider than from ${min} to ${max}`, "step");
}

/** A definition never changes, so what it says is read once. */
const read = new WeakMap<VariableDefinition, Map<string, Expression>>();

/** @throws DspexError `invalid_inputs` at `path` where the text is no expression. */
export function parsed(definition: VariableDefinition, text: string, path: string): Expression {
  let known = read.get(definition);
  if (known === undefined) {
    known = new Map();
    read.set(definition, known);
  }
  let expression = known.get(text);
  if (expression === undefined) {
    expression = at(path, `variable "${definition.name}"`, () => parseExpression(text));
    known.set(text, expression);
  }
  return expression;
}

/** What an expression refuses, with the place of the expression. */
export function at<T>(path: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!isDspexError(error)) throw error;
    throw new DspexError(error.code, `${what}: ${error.message}`, { path, cause: error });
  }
}
