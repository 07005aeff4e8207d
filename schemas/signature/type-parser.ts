// Types: `list[str](max_length=3) | None`, `Literal["a", 3]`, `{name: str, born: date | None}`.

import {
  type Field,
  type LiteralValue,
  MAX_TYPE_DEPTH,
  type OptionalType,
  type PlainType,
  type Type,
} from "./ast.ts";
import { type Constraints, parseConstraints } from "./constraints.ts";
import { parseLiteral } from "./literal-parser.ts";
import {
  expect,
  fail,
  failExpecting,
  peek,
  position,
  type Scanner,
  take,
  takeWord,
  wordAt,
} from "./scanner.ts";
import { shorten } from "./shorten.ts";
import { didYouMean } from "./suggest.ts";

type NotOptional = Exclude<Type, OptionalType>;
/** Handed in by the field parser, which needs this one: types hold fields, fields hold types. */
type FieldsParser = (scanner: Scanner, end: string, names: Set<string>, depth: number) => Field[];

const PLAIN: Readonly<Record<string, PlainType["kind"]>> = {
  bool: "bool",
  date: "date",
  datetime: "datetime",
  time: "time",
  Any: "any",
  Image: "image",
  "dspy.Image": "image",
  History: "history",
  "dspy.History": "history",
};
const TYPE_WORDS: readonly string[] = [
  ...["str", "int", "float", "bool", "bytes", "date", "datetime", "time", "list", "dict"],
  ...["Any", "Literal", "Optional", "Image", "History", "dspy.Image", "dspy.History"],
];

export function parseType(scanner: Scanner, depth: number, parseFields: FieldsParser): Type {
  const next = peek(scanner);
  if (depth > MAX_TYPE_DEPTH) {
    const word = wordAt(scanner.text, scanner.at);
    fail(scanner, `types nested more than ${MAX_TYPE_DEPTH} deep`, scanner.at, word);
  }
  const base =
    next === "{" ? parseObject(scanner, depth, parseFields) : parseNamed(scanner, depth, parseFields);
  if (!take(scanner, "|")) return base;
  const at = position(scanner);
  const word = takeWord(scanner);
  if (word !== "None") {
    scanner.at = at;
    failExpecting(scanner, '"None" (no other union is possible)');
  }
  return optional(base);
}

function optional(of: Type): OptionalType {
  return of.kind === "optional" ? of : { kind: "optional", of };
}

function parseObject(scanner: Scanner, depth: number, parseFields: FieldsParser): Type {
  take(scanner, "{");
  const fields = parseFields(scanner, "}", new Set(), depth + 1);
  expect(scanner, "}");
  return constrained(scanner, { kind: "object", fields });
}

function parseNamed(scanner: Scanner, depth: number, parseFields: FieldsParser): Type {
  const word = takeWord(scanner);
  const at = scanner.at - word.length;
  const plain = Object.hasOwn(PLAIN, word) ? PLAIN[word] : undefined;
  if (plain !== undefined) return constrained(scanner, { kind: plain });
  switch (word) {
    case "str":
    case "bytes":
    case "int":
    case "float":
      return constrained(scanner, { kind: word });
    case "list":
      return constrained(scanner, { kind: "list", items: parseItems(scanner, depth, parseFields) });
    case "dict":
      return constrained(scanner, { kind: "dict", values: parseValues(scanner, depth, parseFields) });
    case "Literal":
      return constrained(scanner, { kind: "literal", values: parseLiterals(scanner) });
    case "Optional": {
      expect(scanner, "[");
      const of = optional(parseType(scanner, depth + 1, parseFields));
      expect(scanner, "]");
      parseConstraints(scanner, "optional");
      return of;
    }
    case "":
      return failExpecting(scanner, "a type");
    default:
      return fail(scanner, `unknown type "${shorten(word)}"`, at, word, didYouMean(word, TYPE_WORDS));
  }
}

function constrained(scanner: Scanner, base: NotOptional): NotOptional {
  const constraints: Constraints = parseConstraints(scanner, base.kind);
  // Only constraints that fit the kind come back, so the sum is one of the types again.
  return { ...base, ...constraints } as NotOptional;
}

function parseItems(scanner: Scanner, depth: number, parseFields: FieldsParser): Type {
  if (!take(scanner, "[")) return { kind: "any" };
  const items = parseType(scanner, depth + 1, parseFields);
  expect(scanner, "]");
  return items;
}

function parseValues(scanner: Scanner, depth: number, parseFields: FieldsParser): Type {
  if (!take(scanner, "[")) return { kind: "any" };
  const at = position(scanner);
  if (takeWord(scanner) !== "str") {
    scanner.at = at;
    failExpecting(scanner, '"str" (keys of a dict are str)');
  }
  expect(scanner, ",");
  const values = parseType(scanner, depth + 1, parseFields);
  expect(scanner, "]");
  return values;
}

function parseLiterals(scanner: Scanner): LiteralValue[] {
  expect(scanner, "[");
  const values = new Set<LiteralValue>();
  do {
    const { value, at, word } = parseLiteral(scanner);
    if (values.has(value)) fail(scanner, `duplicate literal ${shorten(word)}`, at, word);
    values.add(value);
  } while (take(scanner, ","));
  if (!take(scanner, "]")) failExpecting(scanner, '"," or "]"');
  return [...values];
}
