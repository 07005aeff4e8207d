// The settings of one model call: the work's, which the request and variables have been applied to, before the
// implementation's own. Pure.

import type { Implementation } from "../../schemas/messages/program-event.ts";
import type { ModelSettings } from "./adapters/mod.ts";

export type ModelCallImplementation = Extract<Implementation, { kind: "structured" | "plain" | "choice" }>;

export interface ModelCallSettings extends ModelSettings {
  model: string | undefined;
  /** Model and prompt are those that were declared. */
  isDeclared: boolean;
}

export function isModelCall(implementation: Implementation): implementation is ModelCallImplementation {
  const { kind } = implementation;
  return kind === "structured" || kind === "plain" || kind === "choice";
}

export function settingsOf(
  implementation: ModelCallImplementation,
  given: Readonly<Record<string, unknown>>,
): ModelCallSettings {
  const model = text(given.model) ?? implementation.model;
  const prompt = text(given.prompt) ?? implementation.prompt;
  return {
    model,
    prompt,
    temperature: number(given.temperature) ?? implementation.temperature,
    maxTokens: number(given.maxTokens) ?? implementation.maxTokens,
    timeoutMs: number(given.timeoutMs) ?? implementation.timeoutMs,
    isDeclared: model === implementation.model && prompt === implementation.prompt,
    ...(implementation.kind === "plain" && { stop: implementation.stop }),
    ...(implementation.kind === "choice" && {
      words: implementation.words,
      weight: implementation.weight,
      more: implementation.more,
    }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
