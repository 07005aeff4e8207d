// A validator as TypeScript declares it: outputs, inputs and the options of each kind are checked by the compiler, too.

import type { ValidatorKind } from "../../schemas/messages/validator.ts";
import type { Check } from "../native/modules/validators/mod.ts";

type OptionsOf<Kind extends ValidatorKind> = Omit<Extract<Check, { check: Kind }>, "check">;

/** Sources and tables may be inputs of the program. */
interface Options<Input extends string> {
  json: OptionsOf<"json">;
  schema: OptionsOf<"schema">;
  length: OptionsOf<"length">;
  pattern: OptionsOf<"pattern">;
  language: OptionsOf<"language">;
  format: OptionsOf<"format">;
  pii: OptionsOf<"pii">;
  quotes: OptionsOf<"quotes"> | (Omit<OptionsOf<"quotes">, "sources"> & { sourcesFrom: Input });
  citations: OptionsOf<"citations"> | (Omit<OptionsOf<"citations">, "sources"> & { sourcesFrom: Input });
  arithmetic: OptionsOf<"arithmetic">;
  totals: OptionsOf<"totals">;
  table: OptionsOf<"table"> | { valuesFrom: Input };
  any: OptionsOf<"any">;
}
/** Kinds that have no option that must be given. */
type Optional = "json" | "pii" | "arithmetic" | "totals";

/** `onFailure`: the attempt fails, and the next of the plan is tried; or the answer stands, and counts as worse. */
export type DeclaredValidator<Output extends string, Input extends string> = {
  [Kind in ValidatorKind]: {
    name?: string;
    /** An output or a part of it: `answer`, `lines[0].text`, `lines[].text` for the text of each line. */
    output: Output | `${Output}.${string}` | `${Output}[${string}`;
    kind: Kind;
    onFailure: "fail" | "score";
  } & (Kind extends Optional ? { options?: Options<Input>[Kind] } : { options: Options<Input>[Kind] });
}[ValidatorKind];
