// What an implementation and its model can do, as far as the declaration or the models' configuration says. It is
// registered with the program, so that routers know it from the log. Pure.

import type { Model, Models } from "../../schemas/config/models.ts";
import type { Capabilities, Implementation } from "../../schemas/messages/program-event.ts";

/** Where no models are configured nothing is known of any. */
export const NO_MODELS: Models = { default: "", models: {} };

/** The same implementation with what is known of it; what it declares itself counts more. */
export function withCapabilities(implementation: Implementation, models: Models): Implementation {
  const declared = Object.entries(implementation.capabilities ?? {}).filter(([, said]) => said !== undefined);
  const capabilities: Capabilities = { ...known(implementation, models), ...Object.fromEntries(declared) };
  const { capabilities: _declared, ...rest } = implementation;
  return Object.keys(capabilities).length === 0 ? rest : { ...rest, capabilities };
}

function known(implementation: Implementation, models: Models): Capabilities {
  switch (implementation.kind) {
    case "native":
      return { deterministic: true };
    case "structured":
    case "plain":
    case "choice":
      return ofModel(models, implementation.model ?? models.default);
    case "dspy": {
      const own = ofModel(models, implementation.model ?? models.default);
      // DSPy's agents ask for their tools in words: any model may.
      return (implementation.tools?.length ?? 0) > 0 ? { ...own, tools: true } : own;
    }
    case "python":
      // One that names no model may call none.
      return implementation.model === undefined ? {} : ofModel(models, implementation.model);
    default: {
      const unknown: never = implementation;
      return unknown;
    }
  }
}

function ofModel({ models }: Models, name: string): Capabilities {
  const model: Model | undefined = Object.hasOwn(models, name) ? models[name] : undefined;
  if (model === undefined) return {};
  const { capabilities, contextTokens, price } = model;
  return {
    structuredOutput: capabilities.responseSchema,
    tools: capabilities.tools,
    vision: capabilities.vision,
    logprobs: capabilities.logprobs,
    ...(contextTokens !== undefined && { contextTokens }),
    ...price,
  };
}
