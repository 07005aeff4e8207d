// A declaration → the definition that is registered: signature parsed, implementations checked against it, version
// computed from the content. Pure.

import { createHash } from "node:crypto";
import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import {
  type Implementation,
  type ProgramDeclaration,
  type ProgramDefinition,
  programDeclarationSchema,
} from "../../schemas/messages/program-event.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { isSignatureError, parseSignature, parseSignatureJson } from "../../schemas/signature/mod.ts";
import { unknownPlaces } from "../native/adapters/template.ts";

const VERSION_DIGITS = 16;

/** @throws DspexError `invalid_inputs` with the path of what does not fit. */
export function definitionOf(declaration: unknown): ProgramDefinition {
  const parsed = programDeclarationSchema.safeParse(declaration);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DspexError("invalid_inputs", `program: ${issue?.message} at ${issue?.path.join(".")}`, {
      path: issue?.path.join("."),
    });
  }
  const { name, description, signature, implementations } = parsed.data;
  const ast = readSignature(signature);
  checkImplementations(implementations, ast);
  const content = {
    name,
    ...(description !== undefined && { description }),
    signature: ast as unknown as Record<string, unknown>,
    implementations,
  };
  const version = createHash("sha256").update(canonicalJson(content)).digest("hex").slice(0, VERSION_DIGITS);
  return { ...content, version };
}

function readSignature(signature: ProgramDeclaration["signature"]): Signature {
  try {
    return typeof signature === "string" ? parseSignature(signature) : parseSignatureJson(signature);
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    throw new DspexError("invalid_inputs", `signature: ${error.message}`, {
      path: "signature",
      cause: error,
    });
  }
}

function checkImplementations(implementations: readonly Implementation[], signature: Signature): void {
  const names = new Set<string>();
  implementations.forEach((implementation, index) => {
    const path = `implementations.${index}`;
    if (names.has(implementation.name)) {
      throw new DspexError("invalid_inputs", `implementation "${implementation.name}" is declared twice`, {
        path,
      });
    }
    names.add(implementation.name);
    if (implementation.kind === "plain" && !hasOneTextOutput(signature)) {
      throw new DspexError(
        "invalid_inputs",
        `implementation "${implementation.name}" is a plain call, which gives text: the signature must have one str output`,
        { path },
      );
    }
    if (implementation.kind === "plain" || implementation.kind === "structured")
      checkPrompt(implementation.prompt ?? "", signature, `${path}.prompt`);
  });
}

/** A misspelt place would leave a hole in every prompt, and nobody would notice. */
function checkPrompt(prompt: string, signature: Signature, path: string): void {
  const [unknown] = unknownPlaces(prompt, signature);
  if (unknown === undefined) return;
  const inputs = signature.inputs.map(({ name }) => name).join(", ");
  throw new DspexError("invalid_inputs", `{{${unknown}}} is no input of the signature, it has: ${inputs}`, {
    path,
  });
}

function hasOneTextOutput(signature: Signature): boolean {
  return signature.outputs.length === 1 && signature.outputs[0]?.type.kind === "str";
}
