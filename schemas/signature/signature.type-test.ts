// Read by the compiler, never run: what texts and zod schemas are as types.

import { z } from "zod";
import { signatureFromZod } from "./from-zod.ts";
import { signature, type TypedSignature } from "./signature.ts";
import type { InputsOf, OutputsOf } from "./typed/infer.ts";
import type { HistoryValue, ImageValue, Received } from "./typed/value.ts";

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function same<Left, Right>(..._equal: Equal<Left, Right> extends true ? [] : [never]): void {}

// One field a kind, as it is given and as it is received.
same<
  InputsOf<"a, b: str, c: int, d: float, e: bool, f: bytes, g: date, h: datetime, i: time, j: Any -> z">,
  {
    a: string;
    b: string;
    c: number | bigint;
    d: number;
    e: boolean;
    f: Uint8Array;
    g: string;
    h: Date | string;
    i: string;
    j: unknown;
  }
>();
same<
  OutputsOf<"z -> c: int, h: datetime, k: Image, l: dspy.Image, m: History, n: dspy.History, o: list, p: dict">,
  {
    c: number;
    h: Date;
    k: ImageValue;
    l: ImageValue;
    m: HistoryValue;
    n: HistoryValue;
    o: unknown[];
    p: Record<string, unknown>;
  }
>();

// Defaults and optional fields may be left out of what is given, and are there in what is received.
same<
  InputsOf<"q: str, n: int = 3, t = 'x', o: str | None, p: Optional[float], d: bool | None = None -> z">,
  {
    q: string;
    n?: number | bigint | undefined;
    t?: string | undefined;
    o?: string | null | undefined;
    p?: number | null | undefined;
    d?: boolean | null | undefined;
  }
>();
same<
  OutputsOf<"q -> n: int = 3, o: str | None, p: Optional[float] = 0.5, l: Literal['a', None]">,
  { n: number; o: string | null; p: number | null; l: "a" | null }
>();
same<InputsOf<"l: Literal['a', None] -> z">, { l: "a" | null }>();

// Literals.
same<
  OutputsOf<`z -> l: Literal["p", 'q', 3, -2, 0.5, True, false, None]`>,
  { l: "p" | "q" | 3 | -2 | 0.5 | true | false | null }
>();
same<
  OutputsOf<`z -> l: Literal["a, b", "]", "->", "# x", "it's", '"', ""]`>,
  {
    l: "a, b" | "]" | "->" | "# x" | "it's" | '"' | "";
  }
>();
same<
  OutputsOf<'z -> l: Literal["a\\"b", "c\\\\", "d\\n\\te", \'f\\\'\']'>,
  {
    l: 'a"b' | "c\\" | "d\n\te" | "f'";
  }
>();
same<OutputsOf<'z -> l: Literal["a", "b\\u0041c"]'>, { l: "a" | `b${string}c` }>();
same<OutputsOf<"z -> l: Literal[1e3, 1e-7]">, { l: number }>();
same<OutputsOf<"z -> l: Literal['x'] | None, m: Optional[Literal[1]]">, { l: "x" | null; m: 1 | null }>();

// Nesting.
same<
  OutputsOf<"z -> a: list[list[str]], b: dict[str, list[float | None]], c: list[{x: int, y: {w: bool | None}}] | None">,
  {
    a: string[][];
    b: Record<string, (number | null)[]>;
    c: { x: number; y: { w: boolean | null } }[] | null;
  }
>();
same<
  InputsOf<"p: {name: str, age: int = 1 'how, {old}', born: date | None, tags: list[str] = [],}, q -> z">,
  {
    p: {
      name: string;
      age?: number | bigint | undefined;
      born?: string | null | undefined;
      tags?: string[] | undefined;
    };
    q: string;
  }
>();
same<
  OutputsOf<"z -> d: Optional[Optional[dict[str, Optional[int]]]] | None">,
  {
    d: Record<string, number | null> | null;
  }
>();

// Constraints, descriptions, instructions and comments are jumped over, whatever is in them.
same<
  InputsOf<`
    "Do this, -> {that} \\" 'and' # more" # comment, -> with: [stuff] "
    a: str(min_length=1, pattern="^[)\\"'#,]$") = "x, \\" y -> z" 'it is "this"', # , b: int
    b: list[int(ge=-1e-7, multiple_of=2)](max_length=3) = [1, [2], {}, "]", None, -1.5e+3] "]",
    c: float ( ge = 0 , # ) comment
               le = 1 ) | None "c"
    , -> z`>,
  {
    a?: string | undefined;
    b?: (number | bigint)[] | undefined;
    c?: number | null | undefined;
  }
>();
same<InputsOf<"a->b#">, { a: string }>();
same<OutputsOf<"\r\n\ta\n->\n\tb : int ,\n">, { b: number }>();

// What a program receives.
same<
  Received<
    InputsOf<"n: int = 3, o: str | None, w: datetime, x: Any, l: list[{y: int = 1, i: Image}], d: dict[str, datetime] -> z">
  >,
  {
    n: number;
    o: string | null;
    w: Date;
    x: unknown;
    l: { y: number; i: ImageValue }[];
    d: { [key: string]: Date };
  }
>();

declare function call<In, Out>(made: TypedSignature<In, Out>, inputs: In): Out;

/** Wrong calls would throw. */
export function neverCalled(): void {
  // The function.
  const qa = signature("question: str, n: int = 3 -> answer: str, label: Literal['yes', 'no']");
  same<
    typeof qa,
    TypedSignature<
      { question: string; n?: number | bigint | undefined },
      { answer: string; label: "yes" | "no" }
    >
  >();
  qa.inputs.encode({ question: "x" });
  qa.inputs.encode({ question: "x", n: undefined });
  qa.inputs.encode({ question: "x", n: 2n ** 70n });
  // @ts-expect-error a required field is missing
  qa.inputs.encode({ n: 3 });
  // @ts-expect-error no such field
  qa.inputs.encode({ question: "x", m: 3 });
  // @ts-expect-error wrong type
  qa.inputs.encode({ question: 3 });
  qa.outputs.decode({}).label satisfies "yes" | "no";
  // @ts-expect-error no such field
  qa.outputs.decode({}).lable;

  // Texts that are not known give records; types are inferred from signatures.
  const open = signature("a -> b" as string);
  same<typeof open, TypedSignature<Record<string, unknown>, Record<string, unknown>>>();
  const half = signature(`a: ${"int" as string} -> b`);
  same<typeof half, TypedSignature<Record<string, unknown>, Record<string, unknown>>>();
  const answer = call(qa, { question: "x" });
  same<typeof answer, { answer: string; label: "yes" | "no" }>();

  // @ts-expect-error unknown type 'strr', did you mean 'str'?
  signature("a: strr -> b");
  // @ts-expect-error unknown type 'string', did you mean 'str'?
  signature("a -> b: list[{c: string}]");
  // @ts-expect-error expected a field name
  signature("a ->");
  // @ts-expect-error expected ',' or '->'
  signature("a: str b -> c");
  // @ts-expect-error duplicate field name 'a'
  signature("a -> a");
  // @ts-expect-error duplicate field name 'a'
  signature("a, a -> b");
  // @ts-expect-error only '| None' is possible behind a type
  signature("a: str | int -> b");
  // @ts-expect-error a string never ends
  signature('a "x -> b');
  // @ts-expect-error keys of a dict are str
  signature("a: dict[int, str] -> b");
  // @ts-expect-error expected ')'
  signature("a: str(min_length=1 -> b");
  // @ts-expect-error bad literal 'yes'
  signature("a: Literal[yes] -> b");
  // @ts-expect-error expected a default
  signature("a: str = -> b");
  // @ts-expect-error no text at all
  signature("");

  // Zod.
  const zod = signatureFromZod({
    inputs: z.object({
      q: z.string(),
      n: z.int().default(3),
      o: z.string().optional(),
      m: z.bigint().nullable(),
      p: z.object({ w: z.date().optional(), l: z.array(z.enum(["x", "y"])) }),
    }),
    outputs: z.object({ a: z.string(), b: z.array(z.object({ c: z.bigint(), d: z.boolean().optional() })) }),
  });
  same<
    Parameters<typeof zod.inputs.encode>[0],
    {
      q: string;
      m: bigint | null;
      p: { w?: Date | null | undefined; l: ("x" | "y")[] };
      n?: number | undefined;
      o?: string | null | undefined;
    }
  >();
  same<
    ReturnType<typeof zod.inputs.decode>,
    { q: string; n: number; o: string | null; m: bigint | null; p: { w: Date | null; l: ("x" | "y")[] } }
  >();
  same<ReturnType<typeof zod.outputs.decode>, { a: string; b: { c: bigint; d?: boolean | undefined }[] }>();
}
