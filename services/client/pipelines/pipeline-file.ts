// A pipeline out of a YAML or JSON file, with the lines in which its parts stand, so that what is wrong with it can be told
// by its line. Pure.

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { ZodError } from "zod";
import { DspexError, isDspexError } from "../../../schemas/errors.ts";
import {
  MAX_DEFINITION_BYTES,
  type PipelineDeclaration,
  pipelineDeclarationSchema,
} from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineProblem } from "./answers.ts";

export interface LoadedPipeline {
  declaration: PipelineDeclaration;
  /** Line of what a path such as `stages[2].inputs.text` leads to, or of what is nearest to it. */
  lineOf(path: string): number;
  /** A problem as one line: `file.yaml:12: stage "sum": …`. */
  tell(problem: PipelineProblem): string;
}

/** Aliases make a short file a long one. */
const MAX_ALIASES = 100;

/** @throws DspexError `invalid_inputs` whose lines name the file, the line and the stage. */
export function loadPipeline(text: string, file = "pipeline"): LoadedPipeline {
  if (Buffer.byteLength(text) > 4 * MAX_DEFINITION_BYTES)
    throw new DspexError("payload_too_large", `${file}: at most ${4 * MAX_DEFINITION_BYTES} bytes`);
  try {
    return load(text, file);
  } catch (cause) {
    if (isDspexError(cause)) throw cause;
    // Nested so deep that a stack ends, or aliases of aliases.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DspexError("invalid_inputs", `${file}: ${why}`, { cause });
  }
}

function load(text: string, file: string): LoadedPipeline {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, intAsBigInt: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [why = ""] = broken.message.split("\n");
    const { line } = lines.linePos(broken.pos[0]);
    throw new DspexError(
      "invalid_inputs",
      `${file}:${line}: ${why.replace(/ at line \d+, column \d+:?$/, "")}`,
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  const root = document.contents as Node | null;
  const lineOf = (path: string) => lines.linePos(offsetOf(root, partsOf(path))).line;
  const tell = ({ stage, path, message }: PipelineProblem) =>
    `${file}:${lineOf(path)}: ${stage === undefined ? "" : `stage "${stage}": `}${message}`;
  const parsed = pipelineDeclarationSchema.safeParse(value);
  if (!parsed.success) {
    const problems = shapeProblems(parsed.error, value);
    throw new DspexError("invalid_inputs", problems.map(tell).join("\n"), { details: { problems } });
  }
  return { declaration: parsed.data, lineOf, tell };
}

/** What the schema says, each with the stage in which it is. */
function shapeProblems(error: ZodError, value: unknown): PipelineProblem[] {
  return error.issues.slice(0, 20).map((issue) => {
    const { path, message } = deepest(issue);
    const stage = stageAround(path, value);
    return {
      ...(stage !== undefined && { stage }),
      path: pathText(path),
      message: `${pathText(path.slice(stagePart(path)))}: ${message}`.replace(/^: /, ""),
    };
  });
}

type Path = readonly PropertyKey[];
interface Issue {
  code?: string | undefined;
  path: Path;
  message: string;
  errors?: readonly (readonly Issue[])[];
}

/** Of a choice between several shapes what is wrong with the one that fits best. */
function deepest(issue: Issue): { path: Path; message: string } {
  const inner = (issue.errors ?? []).flat();
  const best = inner.reduce<Issue | undefined>(
    (found, one) => (found === undefined || one.path.length > found.path.length ? one : found),
    undefined,
  );
  if (best === undefined || best.path.length === 0) return issue;
  const found = deepest(best);
  return { path: [...issue.path, ...found.path], message: found.message };
}

/** Position behind the last `stages[n]` of a path. */
function stagePart(path: Path): number {
  return path.findLastIndex((part, n) => typeof part === "number" && path[n - 1] === "stages") + 1;
}

function stageAround(path: Path, value: unknown): string | undefined {
  const names: string[] = [];
  let at = value;
  for (const [n, part] of path.entries()) {
    at = (at as Record<PropertyKey, unknown> | undefined)?.[part];
    if (typeof part !== "number" || path[n - 1] !== "stages") continue;
    const name = (at as { name?: unknown } | undefined)?.name;
    names.push(typeof name === "string" ? name : `#${part + 1}`);
  }
  return names.length === 0 ? undefined : names.join("/");
}

function pathText(path: Path): string {
  return path
    .map((part, n) => (typeof part === "number" ? `[${part}]` : `${n === 0 ? "" : "."}${String(part)}`))
    .join("");
}

/** `stages[2].inputs.text` → stages, 2, inputs, text. */
function partsOf(path: string): (string | number)[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, position]) =>
    position === undefined ? (name ?? "") : Number(position),
  );
}

/** Where in the text the last part of a path begins that is there. */
function offsetOf(root: Node | null, parts: readonly (string | number)[]): number {
  let node: Node | null | undefined = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of parts) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof part === "number") {
      const item = node.items[part] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
