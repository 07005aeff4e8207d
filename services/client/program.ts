// A program as an application calls it: a function with types, and `submit` for those who do not want to wait.

import { DspexError } from "../../schemas/errors.ts";
import type { Field, Signature, Type } from "../../schemas/signature/ast.ts";
import { encodeInputs, formatSignature, parseSignatureJson } from "../../schemas/signature/mod.ts";
import type { Dspex } from "./client.ts";
import { type CallOptions, NOTHING_ASKED } from "./options.ts";
import { outputsOf, Run, typedResult } from "./run.ts";

/** What `signature("…")` and its siblings make. */
export interface SignatureLike<In, Out> {
  readonly ast: Signature;
  /** Never set: carries the types. */
  readonly types?: { inputs: In; outputs: Out };
}

export interface Program<In, Out> {
  readonly name: string;
  /** Outputs of one call. @throws DspexError with the result's error when it does not succeed. */
  (inputs: In, options?: CallOptions): Promise<Out>;
  /** Same as calling it. */
  call(inputs: In, options?: CallOptions): Promise<Out>;
  /** Sends the request and returns a handle. */
  submit(inputs: In, options?: CallOptions): Promise<Run<Out>>;
  /** The handle of a request of this program by its id, also one of an earlier life of the application. */
  run(id: string): Run<Out>;
}

export function program<In, Out>(
  client: Dspex,
  name: string,
  signature: SignatureLike<In, Out> | undefined,
): Program<In, Out> {
  let checked: Promise<void> | undefined;
  let isChecked = signature === undefined;
  const check = (): Promise<void> | undefined => {
    if (isChecked || signature === undefined) return undefined;
    checked ??= checkSignature(client, name, signature.ast).then(
      () => {
        isChecked = true;
      },
      (error) => {
        checked = undefined;
        throw error;
      },
    );
    return checked;
  };
  const send = (inputs: In, options: CallOptions) => {
    const wire =
      signature === undefined ? (inputs as Record<string, unknown>) : encodeInputs(signature.ast, inputs);
    return client.submitWire(name, wire, options);
  };
  const submit = async (inputs: In, options: CallOptions = NOTHING_ASKED): Promise<Run<Out>> => {
    await check();
    const { id, result } = send(inputs, options);
    return Run.own<Out>(id, client, result, { streams: options.stream === true, ast: signature?.ast });
  };
  const call = async (inputs: In, options: CallOptions = NOTHING_ASKED): Promise<Out> => {
    const checking = check();
    if (checking !== undefined) await checking;
    return outputsOf(typedResult<Out>(await send(inputs, options).result, signature?.ast));
  };
  const run = (id: string): Run<Out> => client.run<Out>(id, signature);
  return Object.defineProperty(Object.assign(call, { call, submit, run }), "name", { value: name });
}

/** The caller's types are only as good as their match with what runs. */
async function checkSignature(client: Dspex, name: string, ast: Signature): Promise<void> {
  const registered = parseSignatureJson((await client.describe(name)).signature);
  const [ours, theirs] = [withoutTexts(ast), withoutTexts(registered)];
  if (ours !== theirs) {
    throw new DspexError("conflict", `program "${name}" is registered with another signature: ${theirs}`, {
      path: "signature",
    });
  }
}

/** Descriptions and instructions may differ: they change no type. */
function withoutTexts({ inputs, outputs }: Signature): string {
  return formatSignature({ inputs: inputs.map(bareField), outputs: outputs.map(bareField) });
}

function bareField({ description: _description, ...field }: Field): Field {
  return { ...field, type: bareType(field.type) };
}

function bareType<Of extends Type>(type: Of): Of {
  switch (type.kind) {
    case "optional":
      return { ...type, of: bareType(type.of) };
    case "list":
      return { ...type, items: bareType(type.items) };
    case "dict":
      return { ...type, values: bareType(type.values) };
    case "object":
      return { ...type, fields: type.fields.map(bareField) };
    default:
      return type;
  }
}
