// Gives each stage its number and each graph its own, pre-order over all bodies, before any reference is looked at. Pure.

import type {
  PipelineDefinition,
  PipelineGraph,
  PipelineStage,
} from "../../../schemas/messages/pipeline-definition.ts";
import type { Field } from "../../../schemas/signature/ast.ts";
import { bodiesOf, fallbackOf } from "./bodies.ts";
import type { CompiledGraph, CompiledStage } from "./compiled.ts";
import type { Problems } from "./problems.ts";
import { RESERVED_NAMES } from "./reference.ts";

type Growing<T> = { -readonly [Key in keyof T]: T[Key] };

/** What references resolve to is filled in after all have their numbers. */
export type GrowingStage = Growing<CompiledStage>;
export interface GrowingGraph extends Growing<CompiledGraph> {
  /** As it was written. */
  source: PipelineGraph;
  parent: GrowingGraph | undefined;
  stages: number[];
  roots: number[];
  names: Map<string, number>;
  /** Stages whose outputs somebody reads or waits for. */
  used: Set<number>;
}

export interface Numbered {
  stages: GrowingStage[];
  graphs: GrowingGraph[];
}

/** What an approval brings. */
const APPROVAL_FIELDS: readonly Field[] = [
  { name: "approved", type: { kind: "bool" } },
  { name: "note", type: { kind: "optional", of: { kind: "str" } }, default: null },
];

interface Place {
  at: string;
  owner: number | undefined;
  place: number | "fallback";
  parent: GrowingGraph | undefined;
  within: readonly string[];
}

export function numberStages(definition: PipelineDefinition, problems: Problems): Numbered {
  const numbered: Numbered = { stages: [], graphs: [] };
  const root = { at: "", owner: undefined, place: "fallback", parent: undefined, within: [] } as const;
  numberGraph(definition, root, numbered, problems);
  return numbered;
}

function numberGraph(
  source: PipelineGraph,
  { at, owner, place, parent, within }: Place,
  numbered: Numbered,
  problems: Problems,
): number {
  const id = numbered.graphs.length;
  const graph: GrowingGraph = {
    id,
    source,
    owner,
    place,
    parent,
    stages: [],
    roots: [],
    names: new Map(),
    outputs: [],
    used: new Set(),
    at,
  };
  numbered.graphs.push(graph);
  for (const [n, stage] of source.stages.entries()) {
    const one = growing(stage, numbered.stages.length, id, `${at}stages[${n}]`, within);
    numbered.stages.push(one);
    graph.stages.push(one.index);
    nameIn(graph, one, numbered, problems);
    const around = { owner: one.index, parent: graph, within: [...within, stage.name] };
    one.bodies = bodiesOf(stage).map(({ graph: body, at: where }, k) =>
      numberGraph(body, { ...around, at: `${one.at}.${where}.`, place: k }, numbered, problems),
    );
    const fallback = fallbackOf(stage);
    if (fallback === undefined) continue;
    const where = { ...around, at: `${one.at}.onFailure.stage.`, place: "fallback" } as const;
    one.fallback = numberGraph(fallback, where, numbered, problems);
  }
  return id;
}

function nameIn(graph: GrowingGraph, one: GrowingStage, { stages }: Numbered, problems: Problems): void {
  const { stage, index, at } = one;
  const { name } = stage;
  const first = graph.names.get(name);
  if (RESERVED_NAMES.has(name))
    problems.tell(one, `${at}.name`, `"${name}" is a reserved name: no stage may have it`);
  else if (first !== undefined)
    problems.tell(one, `${at}.name`, `another stage is called "${name}", too: ${stages[first]?.at}`);
  else graph.names.set(name, index);
}

function growing(
  stage: PipelineStage,
  index: number,
  graph: number,
  at: string,
  within: readonly string[],
): GrowingStage {
  return {
    index,
    stage,
    at,
    within,
    graph,
    bodies: [],
    fallback: undefined,
    needs: [],
    reads: [],
    feeds: [],
    when: undefined,
    until: undefined,
    values: [],
    subject: undefined,
    standIn: undefined,
    undo: undefined,
    fields: stage.kind === "signal" ? fieldsOf(stage) : undefined,
  };
}

function fieldsOf({ fields, approval }: Extract<PipelineStage, { kind: "signal" }>): readonly Field[] {
  const own = Array.isArray(fields) ? (fields as unknown as Field[]) : [];
  return approval === true ? [...APPROVAL_FIELDS, ...own] : own;
}
