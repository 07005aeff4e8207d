// What an author may write where a value is wanted: the value itself, a reference, an expression, or a list or object
// with such in it; and how that is stored (`$from`, `$expr`, `$first`, `$value`).

import { DspexError } from "../../../schemas/errors.ts";
import { expressionOf } from "./expression.ts";
import {
  checkVisible,
  type Leaf,
  locatedReference,
  locatedStage,
  type Ref,
  type Scope,
  type Source,
} from "./reference.ts";

export type Given<T> =
  | Source<T>
  | T
  | (T extends Leaf
      ? never
      : T extends readonly (infer Item)[]
        ? readonly Given<Item>[]
        : T extends object
          ? GivenFields<T>
          : never);

/** Inputs of a program, or outputs of a graph. */
export type GivenFields<Fields> = { readonly [Field in keyof Fields]: Given<Fields[Field]> };

/** Fields that only have to be something: what they are follows from them. */
export type AnyFields = { readonly [field: string]: unknown };

/** What is there when the pipeline runs. */
export type ValueOf<G> =
  G extends Source<infer T>
    ? T
    : G extends string
      ? string
      : G extends number
        ? number
        : G extends boolean
          ? boolean
          : G extends Leaf
            ? G
            : G extends readonly (infer Item)[]
              ? ValueOf<Item>[]
              : { [Key in keyof G & string]: ValueOf<G[Key]> };

/** Of a union of graphs only what all of them give. */
export type ValuesOf<Fields> = { [Field in keyof Fields & string]: ValueOf<Fields[Field]> };

/**
 * A reference of which null is taken away: where it is null after all, the stage that uses it is skipped, too. `first`
 * gives what stands in instead.
 */
export function present<T>(reference: Ref<T | null>): Ref<T> {
  return reference as Ref<T>;
}

/** As it is stored. */
export type StoredValue = unknown;
export type StoredFields = Record<string, StoredValue>;

const MARKS = new Set(["$from", "$expr", "$first", "$value"]);
const FIRST = Symbol("first");
type Last<Values> = Values extends readonly [...unknown[], infer One] ? One : never;

/** The first that is not null: what a stage gave, or where it was skipped what stands in for that. */
export function first<Values extends readonly [Source<unknown>, ...unknown[]]>(
  ...values: Values
): Source<Exclude<ValueOf<Values[number]>, null> | (null extends ValueOf<Last<Values>> ? null : never)> {
  return { [FIRST]: values } as never;
}

/** @throws DspexError `invalid_inputs` quoting what cannot be stored. */
export function storedFields(fields: AnyFields, scope: Scope, what: string): StoredFields {
  const stored: StoredFields = {};
  for (const [field, value] of Object.entries(fields)) {
    // An optional input that is left out as `undefined` is left out.
    if (value !== undefined) stored[field] = storedValue(value, scope, `${what}.${field}`);
  }
  return stored;
}

export function storedValue(value: unknown, scope: Scope, what: string): StoredValue {
  const referred = locatedReference(value);
  if (referred !== undefined) {
    checkVisible(referred, scope);
    return { $from: referred.path };
  }
  const computed = expressionOf(value);
  if (computed !== undefined) {
    for (const one of computed.uses) checkVisible(one, scope);
    return { $expr: computed.text };
  }
  if (typeof value === "object" && value !== null && FIRST in value) {
    const values = value[FIRST] as readonly unknown[];
    return { $first: values.map((one, n) => storedValue(one, scope, `${what}[${n}]`)) };
  }
  const stage = locatedStage(value);
  if (stage !== undefined)
    throw new DspexError("invalid_inputs", `${what}: "${stage.path}" is a stage: name the output of it`, {
      path: what,
    });
  if (Array.isArray(value)) return value.map((item, n) => storedValue(item, scope, `${what}[${n}]`));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "object" && value !== null) return storedObject(value, scope, what);
  if (value === null || ["string", "number", "bigint", "boolean"].includes(typeof value)) return value;
  throw new DspexError("invalid_inputs", `${what}: ${typeof value} is no value that can be stored`, {
    path: what,
  });
}

function storedObject(value: object, scope: Scope, what: string): StoredValue {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // An object that only looks like a reference is one to be taken as it stands.
  if (members.some(([key]) => MARKS.has(key))) return { $value: value };
  return Object.fromEntries(
    members.map(([key, member]) => [key, storedValue(member, scope, `${what}.${key}`)]),
  );
}
