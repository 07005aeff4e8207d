// Literals at compile time: the values of `Literal[…]` are read, defaults are jumped over.

import type { Problem, ReadString, Skip, SkipString, Word } from "./scan.ts";

interface Constants {
  True: true;
  true: true;
  False: false;
  false: false;
  None: null;
  null: null;
}

/** `[union of the values, rest]` of what stands in the brackets of `Literal`, the opening one already read. */
export type ReadLiterals<S extends string, Values = never> =
  ReadLiteral<Skip<S>> extends infer Result
    ? Result extends [infer Value, infer Rest extends string]
      ? Skip<Rest> extends `,${infer Next}`
        ? ReadLiterals<Next, Values | Value>
        : Skip<Rest> extends `]${infer Next}`
          ? [Values | Value, Next]
          : Problem<"expected ',' or ']' in Literal">
      : Result
    : never;

type ReadLiteral<S extends string> = S extends `"${infer Rest}`
  ? ReadString<Rest, '"'>
  : S extends `'${infer Rest}`
    ? ReadString<Rest, "'">
    : S extends `-${infer Rest}`
      ? ReadNumber<Word<Rest>, "-">
      : Word<S> extends [infer Name extends keyof Constants, infer Rest]
        ? [Constants[Name], Rest]
        : ReadNumber<Word<S>, "">;

/** A number that TypeScript would write otherwise (`1.0`, `1e3`, beyond 2^53) is only known to be a number. */
type ReadNumber<Read, Sign extends string> = Read extends [
  infer Digits extends string,
  infer Rest extends string,
]
  ? Digits extends `${infer _Mantissa}${"e" | "E"}`
    ? Rest extends `${"-" | "+"}${infer Exponent}`
      ? [number, Word<Exponent>[1]]
      : Problem<`bad literal '${Sign}${Digits}'`>
    : `${Sign}${Digits}` extends `${infer Value extends number}`
      ? [Value, Rest]
      : Problem<`bad literal '${Sign}${Digits}'`>
  : never;

/** Behind a default. */
export type SkipDefault<S extends string> = S extends `"${infer Rest}`
  ? SkipString<Rest, '"'>
  : S extends `'${infer Rest}`
    ? SkipString<Rest, "'">
    : S extends `[${infer Rest}`
      ? SkipItems<Skip<Rest>>
      : S extends `{${infer Rest}`
        ? Skip<Rest> extends `}${infer After}`
          ? After
          : Problem<"expected '}'">
        : SkipWord<S extends `-${infer Rest}` ? Word<Rest> : Word<S>>;

type SkipItems<S extends string> = S extends `]${infer Rest}`
  ? Rest
  : SkipDefault<S> extends infer Left
    ? Left extends string
      ? Skip<Left> extends `,${infer Next}`
        ? SkipItems<Skip<Next>>
        : Skip<Left> extends `]${infer Rest}`
          ? Rest
          : Problem<"expected ',' or ']' in a default">
      : Left
    : never;

/** Numbers such as `1e-7` are two words with a sign between. */
type SkipWord<Read> = Read extends [infer Name extends string, infer Rest extends string]
  ? Name extends ""
    ? Problem<"expected a default">
    : Name extends `${number}${"e" | "E"}`
      ? Rest extends `${"-" | "+"}${infer Exponent}`
        ? Word<Exponent>[1]
        : Rest
      : Rest
  : never;
