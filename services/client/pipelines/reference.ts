// What a pipeline's author holds in place of values that are there only when it runs: typed references to inputs, to
// stages' outputs and into them. A field that is not there, or one of another type, does not compile.
//
//   const found = p.call("retrieve", search, { query: p.inputs.question });
//   found.passages      → {"$from": "retrieve.passages"}          found.passages[0]  → {"$from": "retrieve.passages.0"}

import { DspexError } from "../../../schemas/errors.ts";

declare const VALUE: unique symbol;
/** What a reference or an expression stands for; never set, carries the type. */
export interface Source<T> {
  readonly [VALUE]: T;
}

/** A reference to a value: its members are references, too. */
export type Ref<T> = Source<T> & Members<T>;

/** Positions of a list that can be named; a key of its own each, since a list's index would give `| undefined`. */
type Position = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

type Members<T> = [T] extends [Leaf]
  ? unknown
  : T extends readonly (infer Item)[]
    ? { readonly [At in Position]: Ref<Item> }
    : { readonly [Key in keyof T]: Ref<T[Key]> };

/** What has no members, or may have none. */
export type Leaf = string | number | bigint | boolean | null | undefined | Date | Uint8Array;

const STAGE = Symbol("stage");
const PATH = Symbol("path");

/** A stage, as `after` takes it. */
export type StageHandle = { readonly [STAGE]: Located };
/** A stage's outputs: a reference for each; of a program of which nothing is known, whatever is asked for. */
export type Outputs<Out> = 0 extends 1 & Out
  ? Out
  : { readonly [Field in keyof Out]: Ref<Out[Field]> } & StageHandle;

/** Where a name can be seen: in the graph that owns it, and in the graphs inside that one. */
export interface Scope {
  readonly within: Scope | undefined;
  /** Of the stage whose body it is; "" for the whole pipeline. */
  readonly of: string;
}

/** A dotted name and the graph that it belongs to. */
export interface Located {
  readonly path: string;
  readonly scope: Scope;
}

/** @throws DspexError when it is turned into a text: inside of `expr` alone it means something. */
export function reference<T>(path: string, scope: Scope): Ref<T> {
  const located: Located = { path, scope };
  return new Proxy(Object.freeze(Object.create(null)), {
    get: (_target, key) => {
      if (key === PATH) return located;
      if (key === Symbol.toPrimitive) return () => failAsText(path);
      if (typeof key === "symbol") return undefined;
      return reference(`${path}.${key}`, scope);
    },
    has: (_target, key) => key === PATH,
  }) as Ref<T>;
}

/**
 * A stage's outputs. With `fields` their names can be listed, and asking for another one is refused even where no
 * compiler has looked.
 */
export function outputsOf<Out>(
  name: string,
  scope: Scope,
  fields: readonly string[] | undefined,
): Outputs<Out> {
  const located: Located = { path: name, scope };
  const members = Object.fromEntries(
    (fields ?? []).map((field) => [field, reference(`${name}.${field}`, scope)]),
  );
  return new Proxy(Object.freeze(Object.assign(Object.create(null), members)), {
    get: (target, key) => {
      if (key === STAGE) return located;
      if (typeof key === "symbol") return undefined;
      if (key in target) return target[key];
      if (fields !== undefined) throw noSuchOutput(name, key, fields);
      return reference(`${name}.${key}`, scope);
    },
    has: (target, key) => key === STAGE || key in target,
  }) as Outputs<Out>;
}

export function locatedReference(value: unknown): Located | undefined {
  if (typeof value !== "object" || value === null || !(PATH in value)) return undefined;
  return (value as { [PATH]: Located })[PATH];
}

export function locatedStage(value: unknown): Located | undefined {
  if (typeof value !== "object" || value === null || !(STAGE in value)) return undefined;
  return (value as StageHandle)[STAGE];
}

/** @throws DspexError `invalid_inputs` for a name out of a body that is not around the place that names it. */
export function checkVisible({ path, scope }: Located, from: Scope): void {
  for (let around: Scope | undefined = from; around !== undefined; around = around.within)
    if (around === scope) return;
  throw new DspexError(
    "invalid_inputs",
    scope.within === undefined
      ? `"${path}" belongs to another pipeline`
      : `"${path}" is inside of stage "${scope.of}": return it from its body and refer to the stage's output`,
    { path },
  );
}

function noSuchOutput(name: string, key: string, fields: readonly string[]): DspexError {
  const has = fields.length === 0 ? "it has none" : `it has ${fields.map((one) => `"${one}"`).join(", ")}`;
  return new DspexError("invalid_inputs", `stage "${name}" has no output ${JSON.stringify(key)}: ${has}`, {
    path: name,
  });
}

function failAsText(path: string): never {
  throw new DspexError(
    "invalid_inputs",
    `"${path}" has no value yet: pass it as it is, or write expr\`…\` around the text that holds it`,
    { path },
  );
}
