// What a command's argument means: a file with a pipeline (YAML, JSON, or a module that exports some), else a name.

import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DspexError } from "../../../../schemas/errors.ts";
import type { PipelineDeclaration } from "../../../../schemas/messages/pipeline-definition.ts";
import { type LoadedPipeline, loadPipeline, type PipelineProblem } from "../../../client/mod.ts";
import { inputReader } from "../client.ts";

/** A pipeline that is at hand. */
export interface SourcePipeline {
  declaration: PipelineDeclaration;
  /** A problem as a line. */
  tell(problem: PipelineProblem): string;
}

const FILES = new Set([".yaml", ".yml", ".json"]);
const MODULES = new Set([".ts", ".mts", ".js", ".mjs"]);

export function isFile(what: string): boolean {
  const extension = extname(what);
  return what === "-" || FILES.has(extension) || MODULES.has(extension) || existsSync(what);
}

/** @throws DspexError `not_found`, `invalid_inputs` with a line for each problem. */
export async function pipelinesIn(file: string): Promise<SourcePipeline[]> {
  if (file !== "-" && !existsSync(file)) throw new DspexError("not_found", `no file ${JSON.stringify(file)}`);
  if (MODULES.has(extname(file))) return exported(file);
  const text = file === "-" ? inputReader.standardInput() : inputReader.file(file);
  const loaded: LoadedPipeline = loadPipeline(text, file === "-" ? "standard input" : file);
  return [loaded];
}

/** The only one of a file, or the one of that name. */
export async function pipelineIn(file: string, name?: string): Promise<SourcePipeline> {
  const all = await pipelinesIn(file);
  const found = all.filter(({ declaration }) => name === undefined || declaration.name === name);
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  const names = all.map(({ declaration }) => declaration.name).join(", ");
  throw new DspexError(
    "invalid_inputs",
    one === undefined
      ? `${file} has no pipeline ${JSON.stringify(name)}: there are ${names}`
      : `${file} has several pipelines: name one of ${names} with --name`,
  );
}

async function exported(file: string): Promise<SourcePipeline[]> {
  const module = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  const found = Object.values(module).flatMap((one): PipelineDeclaration[] => {
    const { definition } = (typeof one === "object" && one !== null ? one : {}) as {
      definition?: PipelineDeclaration;
    };
    return Array.isArray(definition?.stages) ? [definition] : [];
  });
  if (found.length === 0)
    throw new DspexError("invalid_inputs", `${file} exports no pipeline: export const x = pipeline(…)`);
  const unique = [...new Map(found.map((one) => [one.name, one])).values()];
  return unique.map((declaration) => ({
    declaration,
    tell: ({ stage, path, message }) =>
      `${file}: ${stage === undefined ? path : `stage "${stage}"`}: ${message}`,
  }));
}
