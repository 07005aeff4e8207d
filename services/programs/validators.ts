// Whether a program's validators fit its signature, and are what they say: an output that there is, a kind that takes its
// type, options that the kind has. Pure.

import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError, isDspexError } from "../../schemas/errors.ts";
import { MAX_VALIDATORS_BYTES } from "../../schemas/limits.ts";
import type { Validator, ValidatorDeclaration } from "../../schemas/messages/validator.ts";
import type { Field, Type } from "../../schemas/signature/ast.ts";
import { describeType } from "../../schemas/signature/describe.ts";
import type { Signature } from "../../schemas/signature/mod.ts";
import {
  type Check,
  EACH,
  FROM_INPUT,
  LANGUAGES,
  pathSteps,
  readCheck,
  validate,
} from "../native/modules/validators/mod.ts";

const MAX_NAME = 64;

/**
 * The validators as they are registered, each with a name.
 * @throws DspexError `invalid_inputs` that names the validator, with the path of what does not fit.
 */
export function fitValidators(
  declared: readonly ValidatorDeclaration[],
  signature: Signature,
): readonly Validator[] | undefined {
  if (declared.length === 0) return undefined;
  const taken = new Set<string>();
  const validators = declared.map((one, index): Validator => {
    if (one.name !== undefined && taken.has(one.name))
      throw misfit(one.name, "is declared twice", `validators.${index}.name`);
    const validator = { ...one, name: one.name ?? madeName(one, taken) };
    taken.add(validator.name);
    checkValidator(validator, signature, `validators.${index}`);
    return validator;
  });
  const bytes = Buffer.byteLength(canonicalJson(validators));
  if (bytes > MAX_VALIDATORS_BYTES)
    throw new DspexError(
      "invalid_inputs",
      `validators: ${bytes} bytes of JSON, at most ${MAX_VALIDATORS_BYTES} in all`,
      { path: "validators" },
    );
  return validators;
}

/** `summary-length`, `lines-text-format`, `summary-length-2`. */
function madeName({ output, kind }: ValidatorDeclaration, taken: ReadonlySet<string>): string {
  const words = output.match(/\w+/g) ?? [];
  const end = `-${kind}`;
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? end : `${end}-${count}`;
    const name = `${words.join("-").slice(0, MAX_NAME - suffix.length)}${suffix}`;
    if (!taken.has(name)) return name;
  }
}

function checkValidator(validator: Validator, signature: Signature, path: string): void {
  const { name, kind, options = {} } = validator;
  const type = typeAt(validator, signature, `${path}.output`);
  const check = readOptions(validator, signature, `${path}.options`);
  for (const leaf of leavesOf(check)) {
    const wanted = typeProblem(leaf.check, type);
    // What stands at a place within the value is not known before there is one.
    if (wanted !== undefined && !leaf.isWithin)
      throw misfit(
        name,
        `${kind === "any" ? `any of ${leaf.check.check}` : kind} is for ${wanted}, outputs.${validator.output} is ${describeType(type)}`,
        `${path}.kind`,
      );
    const problem = optionsProblem(leaf.check);
    if (problem !== undefined) throw misfit(name, problem, `${path}.options`);
  }
  if ("check" in options)
    throw misfit(name, `the kind is told by kind, not by options.check`, `${path}.options.check`);
}

/** The type of what the path leads to; through `[]` that of one item. */
function typeAt({ name, output }: Validator, { outputs }: Signature, path: string): Type {
  let type: Type = { kind: "object", fields: outputs };
  let at = "outputs";
  for (const step of pathSteps(output)) {
    const of = present(type);
    if (of.kind === "any") return of;
    if (typeof step === "string") {
      if (of.kind === "dict") type = of.values;
      else if (of.kind === "object") type = memberOf(of.fields, step, at, name, path);
      else throw misfit(name, `${at} is ${describeType(type)}, it has no member "${step}"`, path);
      at += `.${step}`;
      continue;
    }
    if (of.kind !== "list") throw misfit(name, `${at} is ${describeType(type)}, it has no items`, path);
    type = of.items;
    at += step === EACH ? "[]" : `[${step}]`;
  }
  return type;
}

function memberOf(fields: readonly Field[], member: string, at: string, name: string, path: string): Type {
  const field = fields.find((one) => one.name === member);
  if (field !== undefined) return field.type;
  const names = fields.map((one) => one.name).join(", ");
  const what = at === "outputs" ? "output of the signature" : `member of ${at}`;
  throw misfit(name, `"${member}" is no ${what}, it has: ${names}`, path);
}

/** Kind and options as a check; what comes from an input is empty in it. */
function readOptions({ name, kind, options = {} }: Validator, signature: Signature, path: string): Check {
  const { [fromOption(kind) ?? ""]: from, ...own } = options;
  if (from !== undefined) {
    const option = fromOption(kind) as string;
    const instead = option === "sourcesFrom" ? "sources" : "values";
    if (own[instead] !== undefined)
      throw misfit(name, `${option} and ${instead} are two ways to say the same: leave one out`, path);
    checkInput(name, option, from, signature, `${path}.${option}`);
    own[instead] = option === "sourcesFrom" ? [] : {};
  }
  try {
    return readCheck({ ...own, check: kind });
  } catch (error) {
    if (!isDspexError(error)) throw error;
    const where = (error.path ?? "check").replace(/^check/, path);
    const text = error.message.replace(/^check: /, "").replace(/ at check\b/, " at options");
    throw misfit(name, text, where);
  }
}

function fromOption(kind: Validator["kind"]): "sourcesFrom" | "valuesFrom" | undefined {
  return kind === "quotes" || kind === "citations" || kind === "table" ? FROM_INPUT[kind] : undefined;
}

function checkInput(name: string, option: string, from: unknown, { inputs }: Signature, path: string): void {
  const field = inputs.find((one) => one.name === from);
  if (field === undefined) {
    const names = inputs.map((one) => one.name).join(", ");
    throw misfit(
      name,
      `${option} ${JSON.stringify(from)} is no input of the signature, it has: ${names}`,
      path,
    );
  }
  const fits = option === "sourcesFrom" ? isSources(field.type) : isTable(field.type);
  if (fits) return;
  const wanted =
    option === "sourcesFrom" ? "str, list[str] or list[{id: str, text: str}]" : "dict[str, float]";
  throw misfit(
    name,
    `${option}: expected an input of type ${wanted}, ${field.name} is ${describeType(field.type)}`,
    path,
  );
}

/** Of an optional type what it is where it is there. */
function present(type: Type): Type {
  return type.kind === "optional" ? type.of : type;
}

function isSources(type: Type): boolean {
  const of = present(type);
  if (of.kind === "list") {
    const { items } = of;
    if (items.kind !== "object") return isText(items);
    return items.fields.some((field) => field.name === "text" && isText(field.type));
  }
  return isText(of);
}

function isTable(type: Type): boolean {
  const of = present(type);
  return of.kind === "any" || (of.kind === "dict" && ["int", "float", "any"].includes(of.values.kind));
}

interface Leaf {
  check: Check;
  /** It looks at a place within the value. */
  isWithin: boolean;
}

function leavesOf(check: Check, isWithin = false): Leaf[] {
  switch (check.check) {
    case "at":
      return leavesOf(check.of, true);
    case "all":
    case "any":
      return check.of.flatMap((one) => leavesOf(one, isWithin));
    default:
      return [{ check, isWithin }];
  }
}

/** What the check is for, where that is not what it would get. */
function typeProblem({ check }: Check, type: Type): string | undefined {
  if (check === "schema") return undefined;
  if (check === "pii") return holdsText(type) ? undefined : "text, or values with text in them";
  return isText(present(type)) ? undefined : "text";
}

function isText(type: Type): boolean {
  if (type.kind === "literal") return type.values.some((value) => typeof value === "string");
  return type.kind === "str" || type.kind === "any";
}

function holdsText(type: Type): boolean {
  switch (type.kind) {
    case "optional":
      return holdsText(type.of);
    case "list":
      return holdsText(type.items);
    case "dict":
      return holdsText(type.values);
    case "object":
      return type.fields.some((field) => holdsText(field.type));
    default:
      return isText(type);
  }
}

/** Of options that the schema of checks takes: patterns and schemas that are none, and what checks nothing. */
function optionsProblem(check: Check): string | undefined {
  if (check.check === "length") {
    const { min, max } = check;
    if (min === undefined && max === undefined) return "length needs min or max";
    if (min !== undefined && max !== undefined && min > max) return `min ${min} is above max ${max}`;
  }
  if (check.check === "language") {
    const unknown = check.languages.find((code) => !LANGUAGES.includes(code));
    if (unknown !== undefined)
      return `language "${unknown}" cannot be told from others, these can: ${LANGUAGES.join(", ")}`;
  }
  try {
    validate("", check);
  } catch (error) {
    if (!isDspexError(error)) throw error;
    return error.message;
  }
  return undefined;
}

function misfit(name: string, message: string, path: string): DspexError {
  return new DspexError("invalid_inputs", `validator "${name}": ${message}`, { path });
}
