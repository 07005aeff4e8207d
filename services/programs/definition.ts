// A declaration → the definition that is registered: signature parsed, implementations checked against it, version
// computed from the content. Pure.

import { createHash } from "node:crypto";
import type { Models } from "../../schemas/config/models.ts";
import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import {
  type ProgramDeclaration,
  type ProgramDefinition,
  programDeclarationSchema,
  type Routing,
} from "../../schemas/messages/program-event.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { isSignatureError, parseSignature, parseSignatureJson } from "../../schemas/signature/mod.ts";
import { NO_MODELS, withCapabilities } from "./capabilities.ts";
import { fitImplementations } from "./implementations.ts";
import { fitValidators } from "./validators.ts";

const VERSION_DIGITS = 16;

/** Of a declaration alone. @throws DspexError `invalid_inputs` with the path of what does not fit. */
export function definitionOf(declaration: unknown): ProgramDefinition {
  return definitionWith(NO_MODELS)(declaration);
}

/** As it is registered where these models are configured: what they can do is part of it, so of its version too. */
export function definitionWith(models: Models): (declaration: unknown) => ProgramDefinition {
  return (declaration) => {
    const parsed = programDeclarationSchema.safeParse(declaration);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new DspexError("invalid_inputs", `program: ${issue?.message} at ${issue?.path.join(".")}`, {
        path: issue?.path.join("."),
      });
    }
    const { name, description, signature, implementations, routing } = parsed.data;
    const ast = readSignature(signature);
    const fitting = fitImplementations(implementations, ast);
    checkRouting(routing);
    const validators = fitValidators(parsed.data.validators ?? [], ast);
    const content = {
      name,
      ...(description !== undefined && { description }),
      signature: ast as unknown as Record<string, unknown>,
      implementations: fitting.map((implementation) => withCapabilities(implementation, models)),
      ...(routing !== undefined && { routing }),
      ...(validators !== undefined && { validators: [...validators] }),
    };
    const version = createHash("sha256")
      .update(canonicalJson(content))
      .digest("hex")
      .slice(0, VERSION_DIGITS);
    return { ...content, version };
  };
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

function checkRouting(routing: Routing | undefined): void {
  const weights = routing?.weights;
  if (weights === undefined || weights.quality + weights.time + weights.cost > 0) return;
  throw new DspexError("invalid_inputs", "routing: all weights are 0, nothing would count", {
    path: "routing.weights",
  });
}
