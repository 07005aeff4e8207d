// The door to validators: of texts and JSON values, alone, composed, or told as data.

export { checkArithmetic } from "./arithmetic.ts";
export { CHECK_LIMITS, type Check, checkSchema as checkDataSchema } from "./check.ts";
export { checkOutputs } from "./check-outputs.ts";
export { type CitationsOptions, checkCitations } from "./citations.ts";
export { checkFormat, type Format, type FormatOptions } from "./format.ts";
export { FROM_INPUT, readsInputs } from "./from-inputs.ts";
export { isLongerThan } from "./is-long.ts";
export { checkJson, type JsonOptions } from "./json.ts";
export { type FoundJson, type JsonTextOptions, readJson } from "./json-text.ts";
export { checkLanguage, detectLanguage, LANGUAGES, type LanguageOptions } from "./language.ts";
export { checkLength, type LengthOptions, type LengthUnit } from "./length.ts";
export { EACH, type PathStep, pathSteps } from "./output-parts.ts";
export { checkPattern, type PatternOptions } from "./pattern.ts";
export {
  checkPii,
  findPii,
  type LocatedPii,
  locatePii,
  type Pii,
  type PiiOptions,
  redactPii,
} from "./pii.ts";
export type { PiiKind } from "./pii-kinds.ts";
export { checkQuotes, type QuotesOptions } from "./quotes.ts";
export { requireValid } from "./require-valid.ts";
export { checkSchema, checkSignature, checkZod, type JsonSchema, type SchemaOptions } from "./schema.ts";
export type { Source } from "./sources.ts";
export { checkTable, type TableOptions } from "./table-values.ts";
export { checkTotals } from "./totals.ts";
export { all, any, readCheck, validate } from "./validate.ts";
export type { Problem, Verdict } from "./verdict.ts";
export { toWireVerdict } from "./wire-verdict.ts";
