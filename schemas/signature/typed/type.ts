// Types at compile time: `list[{name: str, born: date | None}]` becomes what its values are in TypeScript.

import type { ReadFields } from "./field.ts";
import type { ReadLiterals } from "./literal.ts";
import type { Problem, Skip, SkipParenthesis, Word } from "./scan.ts";
import type { HistoryValue, ImageValue } from "./value.ts";

/** What an application gives, and what it gets: only then is every field there. */
export type Mode = "given" | "received";

/** The types without brackets. `int` is received as a bigint beyond 2^53, which is too rare to be in every sum. */
interface Plain {
  given: Common & { int: number | bigint; datetime: Date | string };
  received: Common & { int: number; datetime: Date };
}
interface Common {
  str: string;
  float: number;
  bool: boolean;
  bytes: Uint8Array;
  date: string;
  time: string;
  Any: unknown;
  Image: ImageValue;
  "dspy.Image": ImageValue;
  History: HistoryValue;
  "dspy.History": HistoryValue;
}

/** `[type, rest, whether it is optional]`; `S` begins with the type. */
export type ReadType<S extends string, M extends Mode> = S extends `{${infer Rest}`
  ? ReadFields<Rest, "}", M> extends infer Result
    ? Result extends [infer Value, infer Left extends string]
      ? Suffix<Value, Skip<Left>>
      : Result
    : never
  : Word<S> extends [infer Name extends string, infer Rest extends string]
    ? Name extends keyof Plain[M]
      ? Suffix<Plain[M][Name], Skip<Rest>>
      : Name extends "list"
        ? ReadList<Skip<Rest>, M>
        : Name extends "dict"
          ? ReadDict<Skip<Rest>, M>
          : Name extends "Literal"
            ? ReadLiteralType<Skip<Rest>>
            : Name extends "Optional"
              ? ReadOptional<Skip<Rest>, M>
              : Name extends ""
                ? Problem<`expected a type at '${Near<S>}'`>
                : Problem<`unknown type '${Name}'${DidYouMean<Name>}`>
    : never;

/** Constraints and `| None` behind a type. */
type Suffix<Value, S extends string> = S extends `(${infer Rest}`
  ? SkipParenthesis<Rest> extends infer Left
    ? Left extends string
      ? OrNone<Value, Skip<Left>>
      : Left
    : never
  : OrNone<Value, S>;

type OrNone<Value, S extends string> = S extends `|${infer Rest}`
  ? Word<Skip<Rest>> extends ["None", infer Left]
    ? [Value | null, Left, true]
    : Problem<"only '| None' is possible behind a type">
  : [Value, S, false];

type ReadList<S extends string, M extends Mode> = S extends `[${infer Rest}`
  ? ReadType<Skip<Rest>, M> extends infer Result
    ? Result extends [infer Item, infer Left extends string, boolean]
      ? Skip<Left> extends `]${infer After}`
        ? Suffix<Item[], Skip<After>>
        : Problem<"expected ']' behind the items of a list">
      : Result
    : never
  : Suffix<unknown[], S>;

type ReadDict<S extends string, M extends Mode> = S extends `[${infer Rest}`
  ? Word<Skip<Rest>> extends ["str", infer AfterKey extends string]
    ? Skip<AfterKey> extends `,${infer Values}`
      ? ReadType<Skip<Values>, M> extends infer Result
        ? Result extends [infer Value, infer Left extends string, boolean]
          ? Skip<Left> extends `]${infer After}`
            ? Suffix<Record<string, Value>, Skip<After>>
            : Problem<"expected ']' behind the values of a dict">
          : Result
        : never
      : Problem<"expected ',' in dict[str, …]">
    : Problem<"keys of a dict are str">
  : Suffix<Record<string, unknown>, S>;

type ReadLiteralType<S extends string> = S extends `[${infer Rest}`
  ? ReadLiterals<Rest> extends infer Result
    ? Result extends [infer Values, infer Left extends string]
      ? OrNone<Values, Skip<Left>>
      : Result
    : never
  : Problem<"expected '[' behind Literal">;

type ReadOptional<S extends string, M extends Mode> = S extends `[${infer Rest}`
  ? ReadType<Skip<Rest>, M> extends infer Result
    ? Result extends [infer Value, infer Left extends string, boolean]
      ? Skip<Left> extends `]${infer After}`
        ? OrNone<Value, Skip<After>> extends [unknown, infer Last, boolean]
          ? [Value | null, Last, true]
          : Problem<"only '| None' is possible behind a type">
        : Problem<"expected ']' behind Optional">
      : Result
    : never
  : Problem<"expected '[' behind Optional">;

/** The next few characters, for a message. */
export type Near<S extends string> =
  S extends `${infer A}${infer B}${infer C}${infer D}${infer E}${infer F}${string}`
    ? `${A}${B}${C}${D}${E}${F}…`
    : S;

interface Elsewhere {
  string: "str";
  text: "str";
  integer: "int";
  bigint: "int";
  number: "float";
  double: "float";
  boolean: "bool";
  binary: "bytes";
  timestamp: "datetime";
  array: "list";
  tuple: "list";
  object: "dict";
  record: "dict";
  map: "dict";
  unknown: "Any";
  any: "Any";
  enum: "Literal";
  literal: "Literal";
  optional: "Optional";
  image: "Image";
  history: "History";
}
type Known =
  | Exclude<keyof Common, `dspy.${string}`>
  | "int"
  | "datetime"
  | "list"
  | "dict"
  | "Literal"
  | "Optional";

type DidYouMean<Name extends string> =
  Lowercase<Name> extends keyof Elsewhere
    ? `, did you mean '${Elsewhere[Lowercase<Name>]}'?`
    : Lowercase<Name> extends Known
      ? `, did you mean '${Lowercase<Name>}'?`
      : [BeginsAlike<Name>] extends [never]
        ? ""
        : `, did you mean '${BeginsAlike<Name>}'?`;
type BeginsAlike<Name extends string> = {
  [Candidate in Known]: Lowercase<Name> extends `${Candidate}${string}` ? Candidate : never;
}[Known];
