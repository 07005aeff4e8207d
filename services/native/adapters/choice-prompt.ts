// The prompts of a choice: short, since what is read counts for less than what stands just before the answer. Pure.
//
//   completion   Text: I love it.          chat, begun        user: <inputs> <question> Answer in JSON with label.
//                Sentiment:                                   assistant: {"label": "
//                                          chat, in a word    user: <inputs> <question> Answer with one word: …

import type { ModelMessage } from "ai";
import type { WireValues } from "../../../schemas/signature/mod.ts";
import type { ModelRequest } from "./adapter.ts";
import { type Choice, wordFor } from "./choice-words.ts";
import { inputsText, isImage, userMessage } from "./prompt.ts";
import { fillTemplate, textOf } from "./template.ts";

/** The answer's beginning is put into the model's mouth, or it is asked for one word. */
export type ChatForm = "begun" | "word";

/** Ends where the label begins, without a space. */
export function completionPrompt(request: ModelRequest, choice: Choice): string {
  const { signature, settings } = request;
  const turn = (inputs: WireValues): string => {
    if (settings.prompt !== undefined) return fillTemplate(settings.prompt, inputs).replace(/[ \t]+$/, "");
    const lines = signature.inputs
      .filter(({ name, type }) => !isImage(type) && inputs[name] !== undefined)
      .map(({ name }) => `${title(name)}: ${textOf(inputs[name])}`);
    const task = neededInstructions(request, choice);
    return [...(task === undefined ? [] : [task]), ...lines, `${title(choice.output.name)}:`].join("\n");
  };
  const past = (request.history ?? []).map(({ inputs, outputs }) => {
    const asked = turn(inputs);
    return `${asked}${gapAfter(asked)}${saidIn(outputs, choice)}\n\n`;
  });
  return past.join("") + turn(request.inputs);
}

/** Between a prompt and the word that follows it: tokens begin with their space. */
export function gapAfter(prompt: string): "" | " " {
  return prompt === "" || /[\s"'“‘«([{<]$/.test(prompt) ? "" : " ";
}

export function chatMessages(request: ModelRequest, choice: Choice, form: ChatForm): ModelMessage[] {
  const { settings, signature } = request;
  const turn = (inputs: WireValues): ModelMessage => {
    const text =
      settings.prompt === undefined
        ? `${inputsText(signature.inputs, inputs)}\n\n${question(request, choice)} ${demand(choice, form)}`
        : fillTemplate(settings.prompt, inputs);
    return userMessage(text, request, inputs);
  };
  const past = (request.history ?? []).flatMap(({ inputs, outputs }): ModelMessage[] => {
    const said = saidIn(outputs, choice);
    const content =
      form === "begun" ? `${beginning(choice)}${choice.isQuoted ? `${said}"` : ` ${said}`}}` : said;
    return [turn(inputs), { role: "assistant", content }];
  });
  const begun: ModelMessage[] = form === "begun" ? [{ role: "assistant", content: beginning(choice) }] : [];
  return [...past, turn(request.inputs), ...begun];
}

function beginning({ output, isQuoted }: Choice): string {
  return `{"${output.name}":${isQuoted ? ' "' : ""}`;
}

function demand({ output, labels }: Choice, form: ChatForm): string {
  return form === "begun"
    ? `Answer in JSON with ${output.name}.`
    : `Answer with one word: ${either(labels.map(({ word }) => word))}.`;
}

function question({ signature: { instructions } }: ModelRequest, { output, labels }: Choice): string {
  return instructions ?? `Is the ${output.name} ${either(labels.map(({ word }) => word))}?`;
}

/** Instructions that do no more than name the labels: without them small models are right more often. */
function neededInstructions(
  { signature: { instructions } }: ModelRequest,
  { labels }: Choice,
): string | undefined {
  const text = instructions?.toLowerCase();
  return text !== undefined && labels.every(({ word }) => text.includes(word.toLowerCase()))
    ? undefined
    : instructions;
}

function saidIn(outputs: WireValues, choice: Choice): string {
  const value = outputs[choice.output.name];
  return wordFor(choice, value) ?? textOf(value);
}

/** `sameText` and `same_text` → `Same text` */
function title(name: string): string {
  const words = name
    .replaceAll("_", " ")
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
