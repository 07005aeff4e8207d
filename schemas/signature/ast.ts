// What a signature is once it is parsed: plain JSON, which travels in events. Absent members are absent, never null.

/** Integral numbers beyond 2^53 are bigints, so that no digit is lost. */
export type AstNumber = number | bigint;
export type LiteralValue = string | AstNumber | boolean | null;
/** In wire form; the only objects that the grammar can write are empty. */
export type DefaultValue = LiteralValue | DefaultValue[] | { [key: string]: never };

export interface Signature {
  instructions?: string;
  inputs: Field[];
  outputs: Field[];
}

export interface Field {
  name: string;
  type: Type;
  description?: string;
  default?: DefaultValue;
}

interface Lengths {
  minLength?: number;
  maxLength?: number;
}
interface Bounds {
  ge?: AstNumber;
  gt?: AstNumber;
  le?: AstNumber;
  lt?: AstNumber;
  multipleOf?: AstNumber;
}

export interface StrType extends Lengths {
  kind: "str";
  pattern?: string;
}
export interface IntType extends Bounds {
  kind: "int";
}
export interface FloatType extends Bounds {
  kind: "float";
  allowInfNan?: true;
}
export interface PlainType {
  kind: "bool" | "date" | "datetime" | "time" | "any" | "image" | "history";
}
export interface BytesType extends Lengths {
  kind: "bytes";
}
interface ListType extends Lengths {
  kind: "list";
  items: Type;
}
interface DictType extends Lengths {
  kind: "dict";
  values: Type;
}
interface ObjectType {
  kind: "object";
  fields: Field[];
}
export interface LiteralType {
  kind: "literal";
  values: LiteralValue[];
}
export interface OptionalType {
  kind: "optional";
  /** Never optional itself. */
  of: Exclude<Type, OptionalType>;
}

export type Type =
  | StrType
  | IntType
  | FloatType
  | PlainType
  | BytesType
  | ListType
  | DictType
  | ObjectType
  | LiteralType
  | OptionalType;

/** `str` is 1 deep, `list[str]` 2. Bounds every recursion over types, also that of a hostile text. */
export const MAX_TYPE_DEPTH = 32;
/** In code points. */
export const MAX_TEXT_LENGTH = 65_536;
