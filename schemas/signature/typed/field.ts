// Fields at compile time. What is given may leave out fields with a default and optional ones; what is received
// has them all.

import type { SkipDefault } from "./literal.ts";
import type { Problem, Skip, SkipString, Word } from "./scan.ts";
import type { Mode, Near, ReadType } from "./type.ts";

/** `[object type, rest behind End]`; `End` is `->`, `}` or "" for the end of the text. `Taken` are names of the other side. */
export type ReadFields<
  S extends string,
  End extends string,
  M extends Mode,
  Taken extends PropertyKey = never,
  Read = unknown,
> =
  ReadField<Skip<S>, M> extends infer Result
    ? Result extends [infer Name extends string, infer Value, infer MayBeAbsent, infer Rest extends string]
      ? Name extends keyof Read | Taken
        ? Problem<`duplicate field name '${Name}'`>
        : Rest extends `,${infer Next}`
          ? AtEnd<Skip<Next>, End> extends [infer After]
            ? Done<Read & Member<Name, Value, MayBeAbsent>, After>
            : ReadFields<Next, End, M, Taken, Read & Member<Name, Value, MayBeAbsent>>
          : AtEnd<Rest, End> extends [infer After]
            ? Done<Read & Member<Name, Value, MayBeAbsent>, After>
            : Problem<`expected ',' or ${End extends "" ? "the end" : `'${End}'`} behind '${Name}', got ${Rest extends "" ? "the end" : `'${Near<Rest>}'`}`>
      : Result
    : never;

type AtEnd<S extends string, End extends string> = End extends ""
  ? S extends ""
    ? [""]
    : false
  : S extends `${End}${infer After}`
    ? [After]
    : false;

type Member<Name extends string, Value, MayBeAbsent> = MayBeAbsent extends true
  ? { [Key in Name]?: Value | undefined }
  : { [Key in Name]: Value };

/** One object instead of a sum of thirty, which is also what an editor shows. */
type Done<Members, After> = [{ [Key in keyof Members]: Members[Key] }, After];

/** `[name, type, whether it may be absent, rest]`; the rest begins with a token. */
type ReadField<S extends string, M extends Mode> =
  Word<S> extends [infer Name extends string, infer Rest extends string]
    ? Name extends ""
      ? Problem<`expected a field name${S extends "" ? "" : ` at '${Near<S>}'`}`>
      : Skip<Rest> extends `:${infer Type}`
        ? ReadType<Skip<Type>, M> extends infer Result
          ? Result extends [infer Value, infer Left extends string, infer IsOptional]
            ? Default<Name, Value, M extends "given" ? IsOptional : false, M, Skip<Left>>
            : Result
          : never
        : Default<Name, string, false, M, Skip<Rest>>
    : never;

type Default<
  Name extends string,
  Value,
  MayBeAbsent,
  M extends Mode,
  S extends string,
> = S extends `=${infer Rest}`
  ? SkipDefault<Skip<Rest>> extends infer Left
    ? Left extends string
      ? Description<Name, Value, M extends "given" ? true : false, Skip<Left>>
      : Left
    : never
  : Description<Name, Value, MayBeAbsent, S>;

type Description<Name extends string, Value, MayBeAbsent, S extends string> = S extends `"${infer Rest}`
  ? Described<Name, Value, MayBeAbsent, SkipString<Rest, '"'>>
  : S extends `'${infer Rest}`
    ? Described<Name, Value, MayBeAbsent, SkipString<Rest, "'">>
    : [Name, Value, MayBeAbsent, S];

type Described<Name extends string, Value, MayBeAbsent, Left> = Left extends string
  ? [Name, Value, MayBeAbsent, Skip<Left>]
  : Left;
