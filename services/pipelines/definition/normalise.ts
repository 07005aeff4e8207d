// What somebody writes → what is stored: the signature as AST, fields of signals as such, and the version that names
// exactly this definition. Pure.

import { createHash } from "node:crypto";
import { check } from "../../../schemas/envelope/check.ts";
import { canonicalJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import {
  MAX_DEFINITION_BYTES,
  type PipelineDefinition,
  type PipelineGraph,
  type PipelineStage,
  pipelineDeclarationSchema,
} from "../../../schemas/messages/pipeline-definition.ts";
import {
  isSignatureError,
  parseSignature,
  parseSignatureJson,
  type Signature,
} from "../../../schemas/signature/mod.ts";

export interface Normalised {
  definition: PipelineDefinition;
  version: string;
}

/** @throws DspexError `invalid_inputs`, `payload_too_large`: the shape is wrong, not what refers to what. */
export function normalise(declaration: unknown): Normalised {
  const { signature, stages, ...rest } = check(pipelineDeclarationSchema, declaration);
  const definition: PipelineDefinition = {
    ...rest,
    stages: stages.map((stage, n) => normaliseStage(stage, `stages[${n}]`)),
    signature: { ...signatureOf(signature, "signature") },
  };
  const canonical = canonicalJson(definition);
  const bytes = Buffer.byteLength(canonical);
  if (bytes > MAX_DEFINITION_BYTES)
    throw new DspexError(
      "payload_too_large",
      `the definition of "${definition.name}" has ${bytes} bytes, at most ${MAX_DEFINITION_BYTES}`,
    );
  return { definition, version: versionOf(canonical) };
}

/** First 16 hex digits of the SHA-256: the same definition is the same version. */
function versionOf(canonical: string): string {
  return createHash("sha256").update(canonical).digest("hex").slice(0, 16);
}

function signatureOf(given: string | Record<string, unknown>, at: string): Signature {
  try {
    return typeof given === "string" ? parseSignature(given) : parseSignatureJson(given);
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    throw new DspexError("invalid_inputs", error.message, { path: at, cause: error });
  }
}

/** Depth is bounded by the schema of JSON itself. */
function normaliseStage(stage: PipelineStage, at: string): PipelineStage {
  const { onFailure } = stage;
  const own =
    typeof onFailure === "object" && "stage" in onFailure
      ? { ...stage, onFailure: { stage: normaliseGraph(onFailure.stage, `${at}.onFailure.stage`) } }
      : stage;
  switch (own.kind) {
    case "map":
    case "loop":
      return { ...own, body: normaliseGraph(own.body, `${at}.body`) };
    case "race":
      return {
        ...own,
        bodies: own.bodies.map((one, n) => ({
          ...one,
          body: normaliseGraph(one.body, `${at}.bodies[${n}].body`),
        })),
      };
    case "switch":
      return {
        ...own,
        cases: own.cases.map((one, n) => ({
          ...one,
          body: normaliseGraph(one.body, `${at}.cases[${n}].body`),
        })),
        ...(own.otherwise !== undefined && { otherwise: normaliseGraph(own.otherwise, `${at}.otherwise`) }),
      };
    case "signal": {
      if (own.fields === undefined) return own;
      const ast =
        typeof own.fields === "string"
          ? signatureOf(`signal: str -> ${own.fields}`, `${at}.fields`)
          : signatureOf(
              { inputs: [{ name: "signal", type: { kind: "str" } }], outputs: own.fields },
              `${at}.fields`,
            );
      return { ...own, fields: ast.outputs.map((field) => ({ ...field })) };
    }
    default:
      return own;
  }
}

function normaliseGraph(graph: PipelineGraph, at: string): PipelineGraph {
  return { ...graph, stages: graph.stages.map((stage, n) => normaliseStage(stage, `${at}.stages[${n}]`)) };
}
