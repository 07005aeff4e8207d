// The messages of a structured call. Short on purpose: what is written here is paid for with every request, and small
// models answer better to a question behind the text than to a description of a format before it. Pure.
//
//   <the inputs>
//
//   <the instructions> Answer in JSON with <outputs>.

import type { ModelMessage, UserContent } from "ai";
import { stringifyJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import {
  type Field,
  outputsToJsonSchema,
  type Problem,
  type Signature,
  type WireValues,
} from "../../../schemas/signature/mod.ts";
import type { ModelRequest } from "./adapter.ts";
import { fillTemplate, textOf } from "./template.ts";

/** What the repair turn shows of an answer that does not fit. */
const MAX_SHOWN_LENGTH = 2_000;

export function structuredMessages(request: ModelRequest): ModelMessage[] {
  const { signature, settings, model } = request;
  const turn = (inputs: WireValues): ModelMessage => {
    const text =
      settings.prompt === undefined ? ownPrompt(signature, inputs) : fillTemplate(settings.prompt, inputs);
    return userMessage(text + schemaText(signature, model.capabilities.responseSchema), request, inputs);
  };
  const past = (request.history ?? []).flatMap(({ inputs, outputs }): ModelMessage[] => [
    turn(inputs),
    { role: "assistant", content: stringifyJson(outputs) },
  ]);
  return [...past, turn(request.inputs)];
}

export function plainMessages(request: ModelRequest, template: string): ModelMessage[] {
  const turn = (inputs: WireValues) => userMessage(fillTemplate(template, inputs), request, inputs);
  const [output] = request.signature.outputs;
  const past = (request.history ?? []).flatMap(({ inputs, outputs }): ModelMessage[] => [
    turn(inputs),
    { role: "assistant", content: textOf(output && outputs[output.name]) },
  ]);
  return [...past, turn(request.inputs)];
}

/** What is said after an answer that does not fit. */
export function repairMessages(text: string, problems: readonly string[]): ModelMessage[] {
  return [
    { role: "assistant", content: text.slice(0, MAX_SHOWN_LENGTH) || "(nothing)" },
    {
      role: "user",
      content: `That does not fit:\n${problems.join("\n")}\nAnswer again, in JSON only.`,
    },
  ];
}

export function problemText({ path, expected, got }: Problem): string {
  return `${path}: expected ${expected}, got ${got}`;
}

function ownPrompt(signature: Signature, inputs: WireValues): string {
  const names = signature.outputs.map(({ name }) => name);
  const described = signature.outputs.filter(({ description }) => description !== undefined);
  const task = [
    signature.instructions ?? defaultTask(signature.outputs),
    ...described.map(({ name, description }) => `${name}: ${description}.`),
    `Answer in JSON with ${list(names)}.`,
  ];
  return `${inputsText(signature.inputs, inputs)}\n\n${task.join(" ")}`;
}

/** A single text stands for itself; several inputs are named. */
export function inputsText(fields: readonly Field[], inputs: WireValues): string {
  const shown = fields.filter(({ name, type }) => !isImage(type) && inputs[name] !== undefined);
  const [only] = shown;
  if (shown.length === 1 && only !== undefined && typeof inputs[only.name] === "string")
    return textOf(inputs[only.name]);
  return shown
    .map(({ name, description }) => {
      const label = description === undefined ? name : `${name} (${description})`;
      return `${label}: ${textOf(inputs[name])}`;
    })
    .join("\n");
}

function defaultTask(outputs: readonly Field[]): string {
  const [only] = outputs;
  if (outputs.length === 1 && only?.type.kind === "literal")
    return `Is the ${only.name} ${only.type.values.map(textOf).join(" or ")}?`;
  return `Give the ${list(outputs.map(({ name }) => name))}.`;
}

/** Models that cannot be held to a schema are told it. */
function schemaText(signature: Signature, isConstrained: boolean): string {
  return isConstrained
    ? ""
    : `\nThe JSON must fit this schema: ${stringifyJson(outputsToJsonSchema(signature))}`;
}

export function userMessage(
  text: string,
  { model, signature }: ModelRequest,
  inputs: WireValues,
): ModelMessage {
  const images = signature.inputs
    .filter(({ type }) => isImage(type))
    .flatMap(({ name }) =>
      inputs[name] === undefined || inputs[name] === null ? [] : [imageUrl(name, inputs[name])],
    );
  if (images.length === 0) return { role: "user", content: text };
  if (!model.capabilities.vision)
    throw new DspexError("lm_rejected", `model "${model.model}" takes no images`, { path: "inputs" });
  const parts: Exclude<UserContent, string> = images.map((data) => ({
    type: "file",
    data,
    mediaType: "image/*",
  }));
  return { role: "user", content: [...parts, { type: "text", text }] };
}

function imageUrl(name: string, value: unknown): URL {
  const image = (value as { $image?: { url?: string } }).$image;
  if (image?.url === undefined || !URL.canParse(image.url))
    throw new DspexError("invalid_inputs", `image "${name}" has no address`, { path: `inputs.${name}` });
  return new URL(image.url);
}

export function isImage(type: Field["type"]): boolean {
  return type.kind === "image" || (type.kind === "optional" && type.of.kind === "image");
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
