// Whether a program's implementations fit its signature. Pure.

import { DspexError } from "../../schemas/errors.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { type Signature, validateInputs } from "../../schemas/signature/mod.ts";
import { unknownPlaces } from "../native/adapters/template.ts";
import { knownSettings, unknownSetting } from "../variables/setting-paths.ts";
import { type ChoiceLabel, choiceLabels } from "./choice-labels.ts";

type Choice = Extract<Implementation, { kind: "choice" }>;

/**
 * The implementations as they are registered: a choice's calibration inputs with their defaults, as requests have them.
 * @throws DspexError `invalid_inputs` with the path of what does not fit.
 */
export function fitImplementations(
  implementations: readonly Implementation[],
  signature: Signature,
): Implementation[] {
  const names = new Set<string>();
  return implementations.map((implementation, index) => {
    const path = `implementations.${index}`;
    if (names.has(implementation.name))
      throw misfit(`implementation "${implementation.name}" is declared twice`, path);
    names.add(implementation.name);
    checkVariables(implementation, `${path}.variables`);
    return fitted(implementation, signature, path);
  });
}

function fitted(implementation: Implementation, signature: Signature, path: string): Implementation {
  switch (implementation.kind) {
    case "plain":
      if (!hasOneTextOutput(signature))
        throw misfit(
          `implementation "${implementation.name}" is a plain call, which gives text: the signature must have one str output`,
          path,
        );
      checkPrompt(implementation.prompt, signature, `${path}.prompt`);
      return implementation;
    case "structured":
      checkPrompt(implementation.prompt, signature, `${path}.prompt`);
      return implementation;
    case "choice":
      checkPrompt(implementation.prompt, signature, `${path}.prompt`);
      for (const [n, { prompt }] of (implementation.more ?? []).entries())
        checkPrompt(prompt, signature, `${path}.more.${n}.prompt`);
      return fittedChoice(implementation, signature, path);
    default:
      return implementation;
  }
}

function fittedChoice(choice: Choice, signature: Signature, path: string): Choice {
  const labels = choiceLabels(signature);
  if (labels === undefined)
    throw misfit(
      `implementation "${choice.name}" is a choice: the signature must have one output, a Literal, an enum or a bool`,
      path,
    );
  checkWords(choice.words ?? {}, labels, `${path}.words`);
  for (const [n, { words }] of (choice.more ?? []).entries())
    checkWords(words ?? {}, labels, `${path}.more.${n}.words`);
  checkLabels(choice.offsets ?? {}, labels, `${path}.offsets`);
  if (choice.calibration === undefined) return choice;
  const calibration = choice.calibration.map((inputs, n) => {
    const checked = validateInputs(signature, inputs);
    if (checked.ok) return checked.value as Record<string, unknown>;
    const [problem] = checked.problems;
    throw misfit(
      `calibration: ${problem?.path}: expected ${problem?.expected}, got ${problem?.got}`,
      `${path}.calibration.${n}`,
    );
  });
  return { ...choice, calibration };
}

/** A misspelt setting would keep its declared value, whatever the variable is set to. */
function checkVariables(implementation: Implementation, path: string): void {
  const unknown = unknownSetting(implementation);
  if (unknown === undefined) return;
  const { name, kind } = implementation;
  throw misfit(
    `implementation "${name}": ${unknown} is no setting that a variable can give, ${kind} has: ${knownSettings(kind)}`,
    `${path}.${unknown}`,
  );
}

function checkLabels(byLabel: object, labels: readonly ChoiceLabel[], path: string): void {
  const texts = labels.map(({ text }) => text);
  const unknown = Object.keys(byLabel).find((key) => !texts.includes(key));
  if (unknown === undefined) return;
  throw misfit(`${JSON.stringify(unknown)} is no label of the signature, it has: ${texts.join(", ")}`, path);
}

/** Two labels that look the same in the prompt cannot be told apart by their likelihood. */
function checkWords(words: Record<string, string>, labels: readonly ChoiceLabel[], path: string): void {
  checkLabels(words, labels, path);
  const texts = labels.map(({ text }) => text);
  const labelOf = new Map<string, string>();
  for (const text of texts) {
    const word = Object.hasOwn(words, text) ? (words[text] as string) : text;
    const other = labelOf.get(word);
    if (other !== undefined)
      throw misfit(
        `${JSON.stringify(word)} stands for the labels ${JSON.stringify(other)} and ${JSON.stringify(text)}`,
        path,
      );
    labelOf.set(word, text);
  }
}

/** A misspelt place would leave a hole in every prompt, and nobody would notice. */
function checkPrompt(prompt: string | undefined, signature: Signature, path: string): void {
  const [unknown] = unknownPlaces(prompt ?? "", signature);
  if (unknown === undefined) return;
  const inputs = signature.inputs.map(({ name }) => name).join(", ");
  throw misfit(`{{${unknown}}} is no input of the signature, it has: ${inputs}`, path);
}

function hasOneTextOutput(signature: Signature): boolean {
  return signature.outputs.length === 1 && signature.outputs[0]?.type.kind === "str";
}

function misfit(message: string, path: string): DspexError {
  return new DspexError("invalid_inputs", message, { path });
}
