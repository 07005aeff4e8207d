// How an application declares programs in TypeScript. What is declared travels as data; native functions stay in the
// process, under `program/implementation`.
//
//   defineProgram("shout", "text: str -> loud: str", {
//     implementations: [native("upper", ({ text }) => ({ loud: text.toUpperCase() }))],
//   })

import { type Config, type ConfigInput, configSchema } from "../../schemas/config/config.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Implementation, ProgramDeclaration, Routing } from "../../schemas/messages/program-event.ts";
import type { ValidatorDeclaration } from "../../schemas/messages/validator.ts";
import type { VariableDefinition } from "../../schemas/messages/variable-event.ts";
import {
  formatSignature,
  type InputsOf,
  type OutputsOf,
  parseSignature,
  type Received,
} from "../../schemas/signature/mod.ts";
import type { Checked } from "../../schemas/signature/typed/infer.ts";
import type { DeclaredValidator } from "./declared-validator.ts";

export interface NativeContext {
  /** Aborted when the request is cancelled or its deadline passes. */
  readonly signal: AbortSignal;
  /** Values of the variables that the implementation names, by their names and by its own keys. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A native function as the router calls it: TypeScript values in, TypeScript values out. */
export type NativeFunction = (inputs: Record<string, unknown>, context: NativeContext) => unknown;
/** By `program/implementation`. */
export type NativeFunctions = ReadonlyMap<string, NativeFunction>;

type OfKind<Kind extends Implementation["kind"]> = Extract<Implementation, { kind: Kind }>;
type Settings<Kind extends Implementation["kind"]> = Omit<OfKind<Kind>, "kind" | "name">;

/** A native implementation with its function; `In` and `Out` are the signature's values. */
export interface NativeImplementation<In, Out> {
  readonly data: OfKind<"native">;
  readonly run: (inputs: In, context: NativeContext) => Out | Promise<Out>;
}

export interface DefinedProgram {
  readonly declaration: ProgramDeclaration;
  readonly functions: NativeFunctions;
}

/** A TypeScript function. `inline: true` = trusted to be short: runs in the router itself instead of a worker thread. */
export function native<In, Out>(
  name: string,
  run: (inputs: In, context: NativeContext) => Out | Promise<Out>,
  settings: Settings<"native"> = {},
): NativeImplementation<In, Out> {
  return { data: { name, kind: "native", ...settings }, run };
}

/** A model call whose output is constrained to the signature. */
export function structured(name: string, settings: Settings<"structured"> = {}): Implementation {
  return { name, kind: "structured", ...settings };
}

/** A model call with a prompt template, `{{field}}` for an input; its text is the one output. */
export function plain(name: string, settings: Settings<"plain">): Implementation {
  return { name, kind: "plain", ...settings };
}

/** A model call that picks one of few labels by their likelihood: for one output that is a Literal, an enum or a bool. */
export function choice(name: string, settings: Settings<"choice"> = {}): Implementation {
  return { name, kind: "choice", ...settings };
}

/** A DSPy module, made from the signature in a pool: `dspy("predict", { pool: "general", module: "Predict" })`. */
export function dspy(name: string, settings: Settings<"dspy">): Implementation {
  return { name, kind: "dspy", ...settings };
}

/** A Python function or `dspy.Module` of the user's own modules, loaded by a pool under `entry`. */
export function python(name: string, settings: Settings<"python">): Implementation {
  return { name, kind: "python", ...settings };
}

/**
 * A program: name, signature, implementations in the order in which they are preferred.
 * @throws SignatureError when the text is no signature (the compiler says so before).
 */
export function defineProgram<const Text extends string>(
  name: string,
  text: Checked<Text> extends Text ? Text : Checked<Text>,
  program: {
    description?: string;
    /** How its implementations are chosen, where a request does not say otherwise. */
    routing?: Routing;
    /** What is asked of outputs beyond their types. */
    validators?: readonly DeclaredValidator<keyof OutputsOf<Text> & string, keyof InputsOf<Text> & string>[];
    implementations: readonly (
      | Implementation
      | NativeImplementation<Received<InputsOf<Text>>, OutputsOf<Text>>
    )[];
  },
): DefinedProgram {
  const functions = new Map<string, NativeFunction>();
  const implementations = program.implementations.map((implementation): Implementation => {
    if (!("run" in implementation)) return implementation;
    functions.set(`${name}/${implementation.data.name}`, implementation.run as NativeFunction);
    return implementation.data;
  });
  const { description, routing, validators } = program;
  const declaration: ProgramDeclaration = {
    name,
    ...(description !== undefined && { description }),
    signature: formatSignature(parseSignature(text)),
    implementations,
    ...(routing !== undefined && { routing }),
    ...(validators !== undefined && { validators: [...(validators as readonly ValidatorDeclaration[])] }),
  };
  return { declaration, functions };
}

export interface DefinedConfig {
  readonly settings: Config;
  readonly declarations: readonly ProgramDeclaration[];
  readonly functions: NativeFunctions;
  readonly variables: readonly VariableDefinition[];
}

/**
 * An application: its programs, its variables and its settings. The default export of `dspex.config.ts`.
 * @throws DspexError `invalid_inputs` naming the setting, or a program or variable that is defined twice.
 */
export function defineConfig({
  programs,
  variables = [],
  ...settings
}: ConfigInput & {
  programs: readonly DefinedProgram[];
  variables?: readonly VariableDefinition[];
}): DefinedConfig {
  const parsed = configSchema.safeParse(settings);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DspexError("invalid_inputs", `configuration: ${issue?.message} at ${issue?.path.join(".")}`, {
      path: issue?.path.join("."),
    });
  }
  const functions = new Map<string, NativeFunction>();
  const names = new Set<string>();
  for (const { declaration, functions: own } of programs) {
    if (names.has(declaration.name))
      throw new DspexError("invalid_inputs", `program "${declaration.name}" is defined twice`);
    names.add(declaration.name);
    for (const [key, run] of own) functions.set(key, run);
  }
  const declarations = programs.map((program) => program.declaration);
  const twice = variables.find(({ name }, n) => variables.findIndex((other) => other.name === name) < n);
  if (twice !== undefined)
    throw new DspexError("invalid_inputs", `variable "${twice.name}" is defined twice`);
  return { settings: parsed.data, declarations, functions, variables };
}
