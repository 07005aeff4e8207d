// The configured models, as a part that calls them is given them: JSON in DSPEX_MODELS.

import { type Model, type Models, modelsSchema } from "../../../schemas/config/models.ts";
import { parseJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Undefined where DSPEX_MODELS is not set. @throws DspexError `invalid_inputs` naming what is wrong. */
export function readModels(variables: Variables): Models | undefined {
  const text = variables.DSPEX_MODELS;
  if (text === undefined || text === "") return undefined;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new DspexError("invalid_inputs", `DSPEX_MODELS is ${(error as Error).message}`);
  }
  return checkModels(value);
}

/** @throws DspexError `invalid_inputs` naming what is wrong. */
export function checkModels(value: unknown): Models {
  const parsed = modelsSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DspexError("invalid_inputs", `models: ${issue?.message} at ${issue?.path.join(".") || "top"}`);
  }
  const models = parsed.data;
  if (!Object.hasOwn(models.models, models.default))
    throw new DspexError("invalid_inputs", `models: the default "${models.default}" is none of them`);
  for (const [name, model] of Object.entries(models.models)) {
    if (model.provider === "openai-compatible" && model.baseUrl === undefined)
      throw new DspexError("invalid_inputs", `models: openai-compatible model "${name}" needs a baseUrl`);
  }
  return models;
}

/** The model of that name, or the default one. @throws DspexError `lm_rejected` for a name that is not configured. */
export function findModel(models: Models | undefined, name?: string | undefined): Model {
  if (models === undefined)
    throw new DspexError(
      "lm_rejected",
      `model "${name ?? "default"}" is not configured: there are no models`,
    );
  const wanted = name ?? models.default;
  const found = Object.hasOwn(models.models, wanted) ? models.models[wanted] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(models.models).sort().join(", ");
  throw new DspexError("lm_rejected", `model "${wanted}" is not configured, there are: ${known || "none"}`);
}
