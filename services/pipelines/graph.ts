// A pipeline drawn, or a run with how far each stage is, for those who have no drawing of their own.

import type { PipelineDefinition } from "../../schemas/messages/pipeline-definition.ts";
import { DrawnGraph } from "../client/pipelines/drawn-graph.ts";
import type { LogReader } from "../log/read.ts";
import { normalise } from "./definition/normalise.ts";
import { describePipeline } from "./definition-views.ts";
import { tellDefinition, tellProgress } from "./run-views.ts";
import type { PipelinesState } from "./state.ts";

export interface GraphAsked {
  run?: string | undefined;
  pipeline?: string | undefined;
  version?: string | undefined;
  definition?: unknown;
  format: "terminal" | "mermaid" | "svg";
  /** Of the terminal. */
  columns?: number | undefined;
}

interface Source {
  state: PipelinesState;
  reader: LogReader;
}

/** @throws DspexError `not_found`, `unknown_version`, `gone`, `invalid_inputs`, `payload_too_large` */
export async function drawGraph(source: Source, user: string, asked: GraphAsked): Promise<string> {
  const { format, columns } = asked;
  const graph = await graphOf(source, user, asked);
  switch (format) {
    case "mermaid":
      return graph.mermaid();
    case "svg":
      return graph.svg();
    case "terminal":
      return `${graph.lines(columns === undefined ? {} : { columns }).join("\n")}\n`;
    default:
      return format satisfies never;
  }
}

async function graphOf(source: Source, user: string, asked: GraphAsked): Promise<DrawnGraph> {
  const { run, pipeline, version, definition } = asked;
  if (run !== undefined) {
    const { stages } = await tellProgress(source, user, run);
    return new DrawnGraph(await tellDefinition(source, user, run), stages);
  }
  const given: PipelineDefinition =
    pipeline === undefined
      ? normalise(definition).definition
      : describePipeline(source.state, user, pipeline, version).definition;
  return new DrawnGraph(given);
}
