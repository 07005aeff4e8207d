// From a configured model to the AI SDK's object for it, made once and reused, so that connections are too.
//
//   openai-compatible ─▶ @ai-sdk/openai-compatible with baseUrl
//   a package's name  ─▶ its create… function, imported on first use

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import type { Model } from "../../../schemas/config/models.ts";
import { DspexError } from "../../../schemas/errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;
/** The SDK also takes names of models of its hosted gateway; we only have objects. */
export type ModelObject = Exclude<LanguageModel, string>;

export interface ProvidedModel {
  object: ModelObject;
  /** What must not appear in any text. */
  secrets: readonly string[];
  /** How the SDK addresses options for this provider. */
  providerName: string;
  /** Where the server can also be asked directly: what the SDK has no words for. */
  direct?: ServerAddress;
}

export interface ServerAddress {
  /** Up to and with `/v1`. */
  baseUrl: string;
  apiKey?: string;
}

/** @throws DspexError `lm_auth` where the key is missing, `lm_rejected` where the provider is. */
export type ModelSource = (model: Model) => Promise<ProvidedModel>;

export interface ModelSourceOptions {
  /** Where keys are; read when a model is used first. */
  variables: Variables;
  importPackage?: (name: string) => Promise<Record<string, unknown>>;
}

const PACKAGE_NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const COMPATIBLE = "openai-compatible";

// The SDK would print what a provider does not support to the console of whoever runs us.
globalThis.AI_SDK_LOG_WARNINGS = false;

export function createModelSource({
  variables,
  importPackage = (name) => import(name),
}: ModelSourceOptions): ModelSource {
  const made = new WeakMap<Model, Promise<ProvidedModel>>();
  return (model) => {
    const known = made.get(model);
    if (known !== undefined) return known;
    const making = make(model, variables, importPackage);
    made.set(model, making);
    // A package that was missing may be there the next time.
    making.catch(() => made.delete(model));
    return making;
  };
}

async function make(
  model: Model,
  variables: Variables,
  importPackage: (name: string) => Promise<Record<string, unknown>>,
): Promise<ProvidedModel> {
  const apiKey = keyOf(model, variables);
  const secrets = secretsOf(model, apiKey);
  if (model.provider === COMPATIBLE) {
    const direct = addressOf(model, apiKey);
    return { object: compatible(model, direct), secrets, providerName: COMPATIBLE, direct };
  }
  const create = await providerFactory(model.provider, importPackage);
  const provider = create({
    ...(apiKey !== undefined && { apiKey }),
    ...(model.baseUrl !== undefined && { baseURL: model.baseUrl }),
  });
  const object = provider.languageModel(model.model);
  return { object, secrets, providerName: object.provider.split(".")[0] ?? model.provider };
}

function addressOf({ model, baseUrl }: Model, apiKey: string | undefined): ServerAddress {
  if (baseUrl === undefined)
    throw new DspexError("lm_rejected", `model "${model}" has the provider "${COMPATIBLE}" and no baseUrl`);
  return { baseUrl, ...(apiKey !== undefined && { apiKey }) };
}

function compatible(model: Model, { baseUrl, apiKey }: ServerAddress): ModelObject {
  const provider = createOpenAICompatible({
    name: COMPATIBLE,
    baseURL: baseUrl,
    ...(apiKey !== undefined && { apiKey }),
    supportsStructuredOutputs: model.capabilities.responseSchema,
    includeUsage: true,
    // Images go to the server as their address: fetching what a user names is not for this process to do.
    supportedUrls: () => ({ "image/*": [/^https?:\/\//] }),
  });
  return provider(model.model) as ModelObject;
}

interface Provider {
  languageModel(id: string): ModelObject;
}

async function providerFactory(
  name: string,
  importPackage: (name: string) => Promise<Record<string, unknown>>,
): Promise<(settings: Record<string, unknown>) => Provider> {
  if (!PACKAGE_NAME.test(name))
    throw new DspexError("lm_rejected", `provider ${JSON.stringify(name)} is no name of a package`);
  let module: Record<string, unknown>;
  try {
    module = await importPackage(name);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const problem =
      code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"
        ? `is not installed: npm install ${name}`
        : `cannot be imported: ${(error as Error).message}`;
    throw new DspexError("lm_rejected", `provider package "${name}" ${problem}`);
  }
  const creators = Object.keys(module).filter(
    (key) => /^create[A-Z]/.test(key) && typeof module[key] === "function",
  );
  const expected = `create${name
    .split("/")
    .at(-1)
    ?.replaceAll(/[^a-z0-9]/g, "")}`;
  const chosen = creators.find((key) => key.toLowerCase() === expected) ?? creators[0];
  if (chosen === undefined)
    throw new DspexError(
      "lm_rejected",
      `package "${name}" is no AI SDK provider: it exports no create… function`,
    );
  return module[chosen] as (settings: Record<string, unknown>) => Provider;
}

function keyOf(model: Model, variables: Variables): string | undefined {
  if (model.apiKeyEnv === undefined) return undefined;
  const key = variables[model.apiKeyEnv];
  if (key === undefined || key === "")
    throw new DspexError(
      "lm_auth",
      `model "${model.model}" needs a key in the environment variable ${model.apiKeyEnv}, which is not set`,
    );
  return key;
}

function secretsOf({ baseUrl }: Model, apiKey: string | undefined): string[] {
  const secrets = apiKey === undefined ? [] : [apiKey];
  if (baseUrl !== undefined) {
    const { username, password } = new URL(baseUrl);
    for (const part of [username, password]) if (part !== "") secrets.push(part, decodeURIComponent(part));
  }
  return secrets;
}
