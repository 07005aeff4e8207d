// From a signature's text to the types of its values. A text that is no literal gives records of unknown.

import type { ReadFields } from "./field.ts";
import type { Problem, Skip, SkipString } from "./scan.ts";

/** `{inputs, outputs}` or a problem. */
type Read<Text extends string> =
  Instructions<Skip<Text>> extends infer Fields
    ? Fields extends string
      ? ReadFields<Fields, "->", "given"> extends infer Result
        ? Result extends [infer Inputs, infer Rest extends string]
          ? ReadFields<Rest, "", "received", keyof Inputs> extends infer Last
            ? Last extends [infer Outputs, string]
              ? { inputs: Inputs; outputs: Outputs }
              : Last
            : never
          : Result
        : never
      : Fields
    : never;

/** Behind the leading string literal, if there is one. */
type Instructions<S extends string> = S extends `"${infer Rest}`
  ? SkipString<Rest, '"'>
  : S extends `'${infer Rest}`
    ? SkipString<Rest, "'">
    : S;

/** Whether nothing is known of the text, or only a part as in `` `${string} -> answer` ``. */
type IsOpen<Text extends string> = Record<never, never> extends Record<Text, 1> ? true : false;

/** What an application gives. */
export type InputsOf<Text extends string> = SideOf<Text, "inputs">;
/** What it gets. */
export type OutputsOf<Text extends string> = SideOf<Text, "outputs">;

type SideOf<Text extends string, Name extends "inputs" | "outputs"> =
  IsOpen<Text> extends true
    ? Record<string, unknown>
    : Read<Text> extends { inputs: infer Inputs; outputs: infer Outputs }
      ? { inputs: Inputs; outputs: Outputs }[Name]
      : never;

/** The text itself, or the message of its first problem, which the text is not assignable to. */
export type Checked<Text extends string> =
  IsOpen<Text> extends true ? Text : Read<Text> extends Problem<infer Message> ? Message : Text;
