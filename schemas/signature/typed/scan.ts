// The compile-time scanner. Every type here takes the text that is left and gives what it read together with the
// text that is left then. Strings and comments are jumped over in one step each, names go letter by letter: TypeScript
// follows 1,000 steps of one loop at most, and no name is that long.

type Blank = " " | "\n" | "\t" | "\r";

/** What went wrong, in place of a result. */
export interface Problem<Message extends string> {
  problem: Message;
}

/** Behind white space and comments. */
export type Skip<S extends string> = S extends `        ${infer Rest}`
  ? Skip<Rest>
  : S extends `${Blank}${infer Rest}`
    ? Skip<Rest>
    : S extends `#${infer Comment}`
      ? Comment extends `${string}\n${infer Rest}`
        ? Skip<Rest>
        : ""
      : S;

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
// biome-ignore format: an alphabet
type Letter =
  | "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m" | "n" | "o" | "p" | "q" | "r" | "s"
  | "t" | "u" | "v" | "w" | "x" | "y" | "z" | "A" | "B" | "C" | "D" | "E" | "F" | "G" | "H" | "I" | "J" | "K" | "L"
  | "M" | "N" | "O" | "P" | "Q" | "R" | "S" | "T" | "U" | "V" | "W" | "X" | "Y" | "Z";
type WordChar = Letter | Digit | "_" | ".";

/** `[word, rest]`: a run of letters, digits, `_` and `.`, maybe "". */
export type Word<S extends string, Read extends string = ""> = S extends `${infer Char}${infer Rest}`
  ? Char extends WordChar
    ? Word<Rest, `${Read}${Char}`>
    : [Read, S]
  : [Read, S];

/** Behind the closing quote of a string, whose opening quote was read already. */
export type SkipString<
  S extends string,
  Quote extends string,
> = S extends `${infer Body}${Quote}${infer Rest}`
  ? Body extends `${string}\\${string}`
    ? S extends `${string}\\${string}${infer AfterEscape}`
      ? SkipString<AfterEscape, Quote>
      : Problem<"a string never ends">
    : Rest
  : Problem<"a string never ends">;

interface Escapes {
  n: "\n";
  t: "\t";
  "\\": "\\";
  '"': '"';
  "'": "'";
}

/** `[value, rest]` of a string. A `\u` escape stands for any characters. */
export type ReadString<
  S extends string,
  Quote extends string,
  Read extends string = "",
> = S extends `${infer Body}${Quote}${infer Rest}`
  ? Body extends `${infer Before}\\${string}`
    ? S extends `${Before}\\${infer Code}${infer After}`
      ? Code extends keyof Escapes
        ? ReadString<After, Quote, `${Read}${Before}${Escapes[Code]}`>
        : After extends `${infer _1}${infer _2}${infer _3}${infer _4}${infer AfterHex}`
          ? ReadString<AfterHex, Quote, `${Read}${Before}${string}`>
          : Problem<"a string never ends">
      : Problem<"a string never ends">
    : [`${Read}${Body}`, Rest]
  : Problem<"a string never ends">;

/** Behind the parenthesis that closes constraints; they are checked at run time. */
export type SkipParenthesis<S extends string> = S extends `${infer Inside})${infer Rest}`
  ? FirstMark<Inside> extends infer Mark extends string
    ? Mark extends ""
      ? Rest
      : S extends `${string}${Mark}${infer After}`
        ? SkipMarked<After, Mark> extends infer Left
          ? Left extends string
            ? SkipParenthesis<Left>
            : Left
          : never
        : never
    : never
  : Problem<"expected ')'">;

/** Behind a string or a comment that was opened by `Mark`. */
type SkipMarked<S extends string, Mark extends string> = Mark extends "#"
  ? Skip<`#${S}`>
  : SkipString<S, Mark>;

/** Which of `"`, `'` and `#` comes first, "" if none does. */
type FirstMark<S extends string> = S extends `${infer Before}"${string}`
  ? FirstOf<Before, '"'>
  : FirstOf<S, "">;
type FirstOf<S extends string, Otherwise extends string> = S extends `${infer Before}'${string}`
  ? Before extends `${string}#${string}`
    ? "#"
    : "'"
  : S extends `${string}#${string}`
    ? "#"
    : Otherwise;
