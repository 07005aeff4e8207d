// A definition as something to draw: what stands beside what, what waits for what, what is inside of what. Pure.

import type {
  PipelineDefinition,
  PipelineGraph,
  PipelineStage,
} from "../../../../schemas/messages/pipeline-definition.ts";
import { namesInExpression, namesInValue } from "./names.ts";

export interface GraphView {
  nodes: GraphNode[];
  /** Positions in `nodes`. */
  edges: { from: number; to: number }[];
  /** Nodes that the graph's outputs refer to. */
  givers: number[];
}

export interface GraphNode {
  /** Number in the definition, pre-order over all bodies. */
  stage: number;
  name: string;
  kind: PipelineStage["kind"];
  /** What it does, in a few words. */
  detail: string;
  /** Runs only where this holds. */
  when?: string;
  /** Rounds of a loop at most. */
  rounds?: number;
  bodies: { title: string; graph: GraphView }[];
}

export function graphView(definition: Pick<PipelineDefinition, "stages" | "outputs">): GraphView {
  return new Reader().graph(definition);
}

class Reader {
  #next = 0;

  graph({ stages, outputs }: PipelineGraph): GraphView {
    const positions = new Map(stages.map(({ name }, position) => [name, position]));
    const nodes = stages.map((stage) => this.#node(stage));
    const edges = stages.flatMap((stage, to) =>
      [...neededBy(stage)].flatMap((name) => {
        const from = positions.get(name);
        return from === undefined || from === to ? [] : [{ from, to }];
      }),
    );
    const givers = [...namesInValue(outputs)].flatMap((name) => positions.get(name) ?? []);
    return { nodes, edges, givers };
  }

  #node(stage: PipelineStage): GraphNode {
    const number = this.#next++;
    const bodies = bodiesOf(stage).map(({ title, graph }) => ({
      title:
        graph.stages.length > 0 ? title : `${title}: ${Object.values(graph.outputs).map(shown).join(", ")}`,
      graph: this.graph(graph),
    }));
    return {
      stage: number,
      name: stage.name,
      kind: stage.kind,
      detail: detailOf(stage),
      ...(stage.when !== undefined && { when: stage.when }),
      ...(stage.kind === "loop" && { rounds: stage.max }),
      bodies,
    };
  }
}

/** Graphs within a stage, in the order in which they are numbered. */
export function bodiesOf(stage: PipelineStage): { title: string; graph: PipelineGraph }[] {
  const { onFailure } = stage;
  const fallback =
    typeof onFailure === "object" && "stage" in onFailure
      ? [{ title: "on failure", graph: onFailure.stage }]
      : [];
  return [...ownBodies(stage), ...fallback];
}

function ownBodies(stage: PipelineStage): { title: string; graph: PipelineGraph }[] {
  switch (stage.kind) {
    case "map":
      return [{ title: "each", graph: stage.body }];
    case "loop":
      return [{ title: `until ${stage.until}`, graph: stage.body }];
    case "switch": {
      const cases = stage.cases.map(({ equals, body }) => ({ title: shown(equals), graph: body }));
      return [
        ...cases,
        ...(stage.otherwise === undefined ? [] : [{ title: "else", graph: stage.otherwise }]),
      ];
    }
    case "race":
      return stage.bodies.map(({ name, afterMs, body }) => ({
        title: afterMs === undefined ? name : `${name} after ${duration(afterMs)}`,
        graph: body,
      }));
    default:
      return [];
  }
}

/** Names that a stage refers to, those that the graphs within it need of the graphs around it among them. */
function neededBy(stage: PipelineStage): Set<string> {
  const {
    onFailure,
    compensate: _undo,
    bodies: _bodies,
    body: _body,
    ...own
  } = stage as PipelineStage & {
    bodies?: unknown;
    body?: unknown;
  };
  const names = namesInValue(own.kind === "switch" ? own.on : own);
  if (typeof onFailure === "object" && "value" in onFailure) namesInValue(onFailure.value, names);
  for (const name of namesInExpression(stage.when ?? "")) names.add(name);
  for (const name of stage.after ?? []) names.add(name);
  if (stage.kind === "loop") for (const name of namesInExpression(stage.until)) names.add(name);
  for (const { graph } of bodiesOf(stage)) {
    const inside = new Set(graph.stages.map(({ name }) => name));
    for (const name of namesInValue(graph.outputs)) if (!inside.has(name)) names.add(name);
    for (const one of graph.stages) for (const name of neededBy(one)) if (!inside.has(name)) names.add(name);
  }
  return names;
}

function detailOf(stage: PipelineStage): string {
  switch (stage.kind) {
    case "call":
      return stage.program;
    case "pipeline":
      return `pipeline ${stage.pipeline}`;
    case "map":
      return `for each of ${shown(stage.over)}`;
    case "switch":
      return `by ${shown(stage.on)}`;
    case "loop":
      return `${stage.max} rounds at most`;
    case "race":
      return "the first wins";
    case "delay":
      return typeof stage.ms === "number" ? `waits ${duration(stage.ms)}` : `waits ${shown(stage.ms)} ms`;
    case "signal":
      return stage.approval === true ? `approval ${stage.signal}` : `signal ${stage.signal}`;
    case "value":
      return Object.keys(stage.outputs).join(", ");
  }
}

const SHOWN = 40;

function shown(value: unknown): string {
  const { $from, $expr } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const text = $from ?? $expr ?? (typeof value === "string" ? value : JSON.stringify(value));
  const all = String(text);
  return all.length > SHOWN ? `${all.slice(0, SHOWN - 1)}…` : all;
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ];
  const [unit, size] = units.find(([, one]) => ms >= one) ?? ["ms", 1];
  return `${Number((ms / size).toFixed(1))} ${unit}`;
}
