// The door to validators: of texts and JSON values, alone, composed, or told as data.

export { checkArithmetic } from "./arithmetic.ts";
export { CHECK_LIMITS, type Check, checkSchema as checkDataSchema } from "./check.ts";
export { type CitationsOptions, checkCitations } from "./citations.ts";
export { checkFormat, type Format, type FormatOptions } from "./format.ts";
export { checkJson, type JsonOptions } from "./json.ts";
export { type FoundJson, type JsonTextOptions, readJson } from "./json-text.ts";
export { checkLanguage, detectLanguage, type LanguageOptions } from "./language.ts";
export { checkLength, type LengthOptions, type LengthUnit } from "./length.ts";
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
