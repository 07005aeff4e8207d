// Stored definition → what runs: numbers the stages, finds what refers to what, and says all that is wrong with that at
// once: unknown names, cycles, unused stages. Whether types fit is asked by validate.ts. Pure.

import { canonicalJson } from "../../../schemas/envelope/json.ts";
import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { Signature } from "../../../schemas/signature/ast.ts";
import type { Compiled } from "./compiled.ts";
import { findCycle } from "./cycle.ts";
import { type GrowingGraph, type GrowingStage, type Numbered, numberStages } from "./number.ts";
import { Problems } from "./problems.ts";
import { Resolver } from "./resolve.ts";
import { type ReadingContext, readExpression, readValue, readValues } from "./value.ts";
import { isWithinBounds } from "./within-bounds.ts";

export interface CompileResult {
  compiled: Compiled;
  problems: Problems;
}

export function compile(definition: PipelineDefinition, version: string): CompileResult {
  const problems = new Problems();
  // Beyond the bounds nothing else is looked at.
  const numbered = isWithinBounds(definition, problems)
    ? numberStages(definition, problems)
    : { stages: [], graphs: [] };
  const resolver = new Resolver(numbered, problems);
  for (const graph of numbered.graphs) readGraph(graph, numbered, resolver);
  for (const graph of numbered.graphs) {
    connect(graph, numbered);
    checkGraph(graph, numbered, problems);
  }
  checkSignals(numbered, problems);
  const compiled: Compiled = {
    definition,
    version,
    signature: definition.signature as unknown as Signature,
    ...numbered,
    compensates: numbered.stages.some(({ stage }) => stage.compensate !== undefined),
  };
  return { compiled, problems };
}

function readGraph(graph: GrowingGraph, numbered: Numbered, resolver: Resolver): void {
  for (const index of graph.stages)
    readStage(graph, numbered.stages[index] as GrowingStage, numbered, resolver);
  // Inside of its owner, so that what it reads outside holds its owner up.
  const context = resolver.context(graph, undefined, graph.owner);
  graph.outputs = readValues(graph.source.outputs, `${graph.at}outputs`, context);
}

function readStage(graph: GrowingGraph, one: GrowingStage, numbered: Numbered, resolver: Resolver): void {
  const { stage, at, index } = one;
  const context = resolver.context(graph, index, index);
  if (stage.when !== undefined) one.when = readExpression(stage.when, `${at}.when`, context);
  switch (stage.kind) {
    case "call":
    case "pipeline":
      one.values = readValues(stage.inputs, `${at}.inputs`, context);
      break;
    case "map":
      one.subject = readValue(stage.over, `${at}.over`, context);
      break;
    case "switch":
      one.subject = readValue(stage.on, `${at}.on`, context);
      break;
    case "delay":
      one.subject = readValue(stage.ms, `${at}.ms`, context);
      break;
    case "loop": {
      one.values = readValues(stage.initial, `${at}.initial`, context);
      const [body] = one.bodies;
      const inside = resolver.context(numbered.graphs[body as number] as GrowingGraph, undefined, index);
      one.until = readExpression(stage.until, `${at}.until`, afterIteration(inside));
      break;
    }
    case "value":
      one.values = readValues(stage.outputs, `${at}.outputs`, context);
      break;
    case "race":
    case "signal":
      break;
    default:
      stage satisfies never;
  }
  const { onFailure, compensate } = stage;
  if (typeof onFailure === "object" && "value" in onFailure)
    one.standIn = readValues(onFailure.value, `${at}.onFailure.value`, context);
  if (compensate !== undefined) {
    // What it gave is what has to be taken back.
    const own = resolver.context(graph, index, index, true);
    one.undo = readValues(compensate.inputs, `${at}.compensate.inputs`, own);
  }
  for (const [n, name] of (stage.after ?? []).entries())
    resolver.after(graph, index, name, `${at}.after[${n}]`);
}

/** Asked when an iteration has ended: `loop.<field>` is what it gave. */
function afterIteration(inside: ReadingContext): ReadingContext {
  return {
    ...inside,
    resolve: (reference, at) => {
      const target = inside.resolve(reference, at);
      return target?.kind === "loop" && target.up === 0 ? { ...target, after: true } : target;
    },
  };
}

/** Who holds whom up, the other way round. */
function connect(graph: GrowingGraph, { stages }: Numbered): void {
  for (const index of graph.stages) {
    const { needs } = stages[index] as GrowingStage;
    if (needs.length === 0) graph.roots.push(index);
    for (const need of needs) {
      const needed = stages[need] as GrowingStage;
      needed.feeds = [...needed.feeds, index];
    }
  }
}

function checkGraph(graph: GrowingGraph, { stages }: Numbered, problems: Problems): void {
  const cycle = findCycle(graph.stages, (index) => stages[index]?.needs ?? []);
  if (cycle !== undefined) {
    const names = cycle.map((index) => stages[index]?.stage.name);
    const first = stages[cycle[0] ?? 0];
    problems.tell(first, first?.at ?? "", `a cycle: ${[...names, names[0]].join(" needs ")}`);
  }
  for (const index of graph.stages) {
    const one = stages[index] as GrowingStage;
    const { stage, at } = one;
    if (graph.used.has(index) || stage.keep === true || stage.compensate !== undefined) continue;
    problems.tell(one, at, `nothing refers to stage "${stage.name}": use its outputs, or say keep: true`);
  }
}

/** Which stage takes a signal shows when it comes: what it brings must be the same for all that wait for it. */
function checkSignals({ stages }: Numbered, problems: Problems): void {
  const first = new Map<string, GrowingStage>();
  for (const one of stages) {
    const { stage, at } = one;
    if (stage.kind !== "signal") continue;
    const other = first.get(stage.signal);
    if (other === undefined) first.set(stage.signal, one);
    else if (fieldsText(other) !== fieldsText(one))
      problems.tell(
        one,
        `${at}.fields`,
        `signal "${stage.signal}" brings something else for stage "${other.stage.name}": give it another name`,
      );
  }
}

function fieldsText({ fields = [] }: GrowingStage): string {
  return canonicalJson(fields);
}
