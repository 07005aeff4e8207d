// What the native worker needs to call language models.

import type { ModelAdapter } from "./adapter.ts";
import { createChoiceAdapter } from "./choice.ts";
import { createPlainAdapter } from "./plain.ts";
import { createModelSource, type ModelSourceOptions } from "./provider.ts";
import { createStructuredAdapter } from "./structured.ts";

export type {
  LabelScores,
  ModelAdapter,
  ModelAnswer,
  ModelRequest,
  ModelSettings,
  OutputStream,
  Turn,
} from "./adapter.ts";
export { usageOf, withUsage } from "./errors.ts";
export { checkModels, findModel, readModels } from "./models.ts";

/** By the kind of implementation that they run. They share their models' connections. */
export interface ModelAdapters {
  readonly structured: ModelAdapter;
  readonly plain: ModelAdapter;
  readonly choice: ModelAdapter;
}

export function createModelAdapters(options: ModelSourceOptions): ModelAdapters {
  const source = createModelSource(options);
  return {
    structured: createStructuredAdapter(source),
    plain: createPlainAdapter(source),
    choice: createChoiceAdapter(source),
  };
}
