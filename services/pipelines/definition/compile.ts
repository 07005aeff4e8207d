// Stored definition → what runs: numbers the stages, finds what refers to what, and says all that is wrong with that at
// once: unknown names, cycles, unused stages. Whether types fit is asked by validate.ts. Pure.

import {
  MAX_NESTING,
  MAX_STAGES,
  type PipelineDefinition,
  type PipelineGraph,
  type PipelineStage,
} from "../../../schemas/messages/pipeline-definition.ts";
import type { Field, Signature } from "../../../schemas/signature/ast.ts";
import type { Compiled, CompiledGraph, CompiledStage, DefinitionProblem } from "./compiled.ts";
import { findCycle } from "./cycle.ts";
import { RESERVED_NAMES, type Reference } from "./reference.ts";
import { type ReadingContext, readExpression, readValue, readValues, type Target } from "./value.ts";

/** What an approval brings. */
const APPROVAL_FIELDS: readonly Field[] = [
  { name: "approved", type: { kind: "bool" } },
  { name: "note", type: { kind: "optional", of: { kind: "str" } }, default: null },
];
const MAX_PROBLEMS = 200;

type Growing<T> = { -readonly [Key in keyof T]: T[Key] };

interface GrowingGraph extends Growing<CompiledGraph> {
  parent: GrowingGraph | undefined;
  stages: number[];
  roots: number[];
  names: Map<string, number>;
  /** Stages whose outputs somebody reads or waits for. */
  used: Set<number>;
}

export interface CompileResult {
  compiled: Compiled;
  problems: DefinitionProblem[];
}

export function compile(definition: PipelineDefinition, version: string): CompileResult {
  return new Compiler(definition, version).compile();
}

class Compiler {
  readonly #definition: PipelineDefinition;
  readonly #version: string;
  readonly #stages: Growing<CompiledStage>[] = [];
  readonly #graphs: GrowingGraph[] = [];
  readonly #problems: DefinitionProblem[] = [];

  constructor(definition: PipelineDefinition, version: string) {
    this.#definition = definition;
    this.#version = version;
  }

  compile(): CompileResult {
    const definition = this.#definition;
    // Beyond the bounds nothing else is looked at: somebody may mean it ill.
    if (isWithinBounds(definition, this.#problems)) {
      this.#number(definition, "", undefined, "fallback", undefined, []);
      for (const graph of this.#graphs) this.#resolveGraph(graph);
      for (const graph of this.#graphs) this.#finish(graph);
    }
    const compiled: Compiled = {
      definition,
      version: this.#version,
      signature: definition.signature as unknown as Signature,
      stages: this.#stages,
      graphs: this.#graphs,
      compensates: this.#stages.some(({ stage }) => stage.compensate !== undefined),
    };
    return { compiled, problems: this.#problems };
  }

  /** Gives each stage its number and each graph its own, before any reference is looked at. */
  #number(
    graph: PipelineGraph,
    at: string,
    owner: number | undefined,
    place: number | "fallback",
    parent: GrowingGraph | undefined,
    within: readonly string[],
  ): number {
    const id = this.#graphs.length;
    const compiled: GrowingGraph = {
      id,
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
    this.#graphs.push(compiled);
    for (const [n, stage] of graph.stages.entries()) {
      const index = this.#stages.length;
      const here = `${at}stages[${n}]`;
      const one: Growing<CompiledStage> = {
        index,
        stage,
        at: here,
        within,
        graph: id,
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
      this.#stages.push(one);
      compiled.stages.push(index);
      this.#name(compiled, one);
      const inner = [...within, stage.name];
      one.bodies = bodiesOf(stage).map(({ graph: body, at: where }, k) =>
        this.#number(body, `${here}.${where}.`, index, k, compiled, inner),
      );
      const { onFailure } = stage;
      if (typeof onFailure === "object" && "stage" in onFailure)
        one.fallback = this.#number(
          onFailure.stage,
          `${here}.onFailure.stage.`,
          index,
          "fallback",
          compiled,
          inner,
        );
    }
    return id;
  }

  #name(graph: GrowingGraph, { stage, index, at }: CompiledStage): void {
    const { name } = stage;
    const first = graph.names.get(name);
    if (RESERVED_NAMES.has(name))
      this.#problem(index, `${at}.name`, `"${name}" is a reserved name: no stage may have it`);
    else if (first !== undefined)
      this.#problem(
        index,
        `${at}.name`,
        `another stage is called "${name}", too: ${this.#stages[first]?.at}`,
      );
    else graph.names.set(name, index);
  }

  #resolveGraph(graph: GrowingGraph): void {
    for (const index of graph.stages)
      this.#resolveStage(graph, this.#stages[index] as Growing<CompiledStage>);
    const source = this.#sourceOf(graph);
    const at = `${graph.at}outputs`;
    // Inside of its owner, so that what it reads outside holds its owner up.
    graph.outputs = readValues(source.outputs, at, this.#context(graph, undefined, graph.owner));
  }

  #resolveStage(graph: GrowingGraph, one: Growing<CompiledStage>): void {
    const { stage, at, index } = one;
    const context = this.#context(graph, index, index);
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
        const inside = this.#context(this.#graphs[body as number] as GrowingGraph, undefined, index);
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
      const own = this.#context(graph, index, index, true);
      one.undo = readValues(compensate.inputs, `${at}.compensate.inputs`, own);
    }
    for (const [n, name] of (stage.after ?? []).entries()) {
      const found = graph.names.get(name);
      if (found === undefined)
        this.#problem(
          index,
          `${at}.after[${n}]`,
          `no stage "${name}" in the same graph${suggestion(name, graph)}`,
        );
      else {
        graph.used.add(found);
        if (!one.needs.includes(found)) one.needs = [...one.needs, found];
      }
    }
  }

  /**
   * Resolves what is written in `graph`. `by` = the stage that a problem is told of; `isOwn` = its own outputs can be
   * seen, too.
   */
  #context(
    graph: GrowingGraph,
    self: number | undefined,
    by: number | undefined,
    isOwn = false,
  ): ReadingContext {
    return {
      problem: (at, message) => this.#problem(by, at, message),
      resolve: (reference, at) => this.#resolve(reference, graph, self, by, isOwn, at),
    };
  }

  #resolve(
    reference: Reference,
    graph: GrowingGraph,
    self: number | undefined,
    by: number | undefined,
    isOwn: boolean,
    at: string,
  ): Target | undefined {
    const { base, field = "", path, text } = reference;
    switch (base) {
      case "inputs":
        return { kind: "input", field, path };
      case "run":
        if (field === "id" && path.length === 0) return { kind: "run-id" };
        this.#problem(by, at, `"${text}": of a run there is run.id`);
        return undefined;
      case "item":
      case "index": {
        const up = this.#upTo(graph, "map");
        if (up === undefined) {
          this.#problem(by, at, `"${text}" is there in the body of a map alone`);
          return undefined;
        }
        return base === "item" ? { kind: "item", up, path } : { kind: "index", up };
      }
      case "loop": {
        const up = this.#upTo(graph, "loop");
        if (up === undefined) {
          this.#problem(by, at, `"${text}" is there in the body of a loop alone`);
          return undefined;
        }
        return field === "iteration" && path.length === 0
          ? { kind: "iteration", up }
          : { kind: "loop", up, field, path };
      }
      default:
        return this.#resolveStageName(reference, graph, self, by, isOwn, at);
    }
  }

  #resolveStageName(
    { base, field = "", path, text }: Reference,
    graph: GrowingGraph,
    self: number | undefined,
    by: number | undefined,
    isOwn: boolean,
    at: string,
  ): Target | undefined {
    let up = 0;
    let asks = self;
    for (let around: GrowingGraph | undefined = graph; around !== undefined; around = around.parent, up++) {
      const stage = around.names.get(base);
      if (stage !== undefined && stage === asks) {
        if (isOwn && around === graph) return { kind: "stage", stage, up, field, path };
        this.#problem(by, at, `"${text}": stage "${base}" refers to its own outputs`);
        return undefined;
      }
      if (stage !== undefined) {
        around.used.add(stage);
        this.#need(asks, stage);
        return { kind: "stage", stage, up, field, path };
      }
      // Who waits is the stage of the graph around whose body this is.
      asks = around.owner;
    }
    this.#problem(by, at, `"${text}": no stage "${base}"${suggestion(base, graph)}`);
    return undefined;
  }

  #need(asks: number | undefined, stage: number): void {
    const one = asks === undefined ? undefined : this.#stages[asks];
    if (one === undefined) return;
    if (!one.needs.includes(stage)) one.needs = [...one.needs, stage];
    if (!one.reads.includes(stage)) one.reads = [...one.reads, stage];
  }

  /** Frames to go up to the body of the nearest stage of that kind; from a fallback its owner's body is not around. */
  #upTo(graph: GrowingGraph, kind: "map" | "loop"): number | undefined {
    let up = 0;
    for (let around: GrowingGraph | undefined = graph; around !== undefined; around = around.parent, up++) {
      const owner = around.owner === undefined ? undefined : this.#stages[around.owner];
      if (owner?.stage.kind === kind && around.place !== "fallback") return up;
    }
    return undefined;
  }

  #finish(graph: GrowingGraph): void {
    for (const index of graph.stages) {
      const { needs } = this.#stages[index] as CompiledStage;
      if (needs.length === 0) graph.roots.push(index);
      for (const need of needs) {
        const needed = this.#stages[need] as Growing<CompiledStage>;
        needed.feeds = [...needed.feeds, index];
      }
    }
    const cycle = findCycle(graph.stages, (index) => this.#stages[index]?.needs ?? []);
    if (cycle !== undefined) {
      const names = cycle.map((index) => this.#stages[index]?.stage.name);
      const [first = 0] = cycle;
      this.#problem(first, this.#stages[first]?.at ?? "", `a cycle: ${[...names, names[0]].join(" needs ")}`);
    }
    for (const index of graph.stages) {
      const { stage, at } = this.#stages[index] as CompiledStage;
      if (graph.used.has(index) || stage.keep === true || stage.compensate !== undefined) continue;
      this.#problem(index, at, `nothing refers to stage "${stage.name}": use its outputs, or say keep: true`);
    }
  }

  #sourceOf(graph: CompiledGraph): PipelineGraph {
    const { owner, place } = graph;
    if (owner === undefined) return this.#definition;
    const { stage } = this.#stages[owner] as CompiledStage;
    if (place === "fallback") return (stage.onFailure as { stage: PipelineGraph }).stage;
    return (bodiesOf(stage)[place] as { graph: PipelineGraph }).graph;
  }

  #problem(index: number | undefined, path: string, message: string): void {
    if (this.#problems.length >= MAX_PROBLEMS) return;
    const one = index === undefined ? undefined : this.#stages[index];
    const stage = one === undefined ? {} : { stage: [...one.within, one.stage.name].join("/") };
    this.#problems.push({ ...stage, path, message });
  }
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

/** Bodies of a stage in their order, with where they are written. */
export function bodiesOf(stage: PipelineStage): { graph: PipelineGraph; at: string }[] {
  switch (stage.kind) {
    case "map":
    case "loop":
      return [{ graph: stage.body, at: "body" }];
    case "race":
      return stage.bodies.map(({ body }, n) => ({ graph: body, at: `bodies[${n}].body` }));
    case "switch": {
      const cases = stage.cases.map(({ body }, n) => ({ graph: body, at: `cases[${n}].body` }));
      return stage.otherwise === undefined ? cases : [...cases, { graph: stage.otherwise, at: "otherwise" }];
    }
    default:
      return [];
  }
}

function fieldsOf({ fields, approval }: Extract<PipelineStage, { kind: "signal" }>): readonly Field[] {
  const own = Array.isArray(fields) ? (fields as unknown as Field[]) : [];
  return approval === true ? [...APPROVAL_FIELDS, ...own] : own;
}

/** Counts without recursion into what may be too deep. */
function isWithinBounds(definition: PipelineGraph, problems: DefinitionProblem[]): boolean {
  let count = 0;
  const open: { graph: PipelineGraph; depth: number }[] = [{ graph: definition, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { graph, depth } = next;
    for (const stage of graph.stages) {
      count++;
      const { onFailure } = stage;
      const inner = bodiesOf(stage).map(({ graph: body }) => body);
      if (typeof onFailure === "object" && "stage" in onFailure) inner.push(onFailure.stage);
      if (inner.length > 0 && depth >= MAX_NESTING) {
        problems.push({
          stage: stage.name,
          path: "stages",
          message: `bodies within one another at most ${MAX_NESTING} deep`,
        });
        return false;
      }
      for (const body of inner) open.push({ graph: body, depth: depth + 1 });
    }
  }
  if (count <= MAX_STAGES) return true;
  problems.push({ path: "stages", message: `${count} stages, at most ${MAX_STAGES} in all` });
  return false;
}

/** The nearest name that there is, where one is near. */
function suggestion(name: string, graph: GrowingGraph): string {
  const lower = name.toLowerCase();
  for (let around: GrowingGraph | undefined = graph; around !== undefined; around = around.parent) {
    for (const known of around.names.keys()) {
      const other = known.toLowerCase();
      if (other === lower || other.startsWith(lower) || lower.startsWith(other))
        return `: did you mean "${known}"?`;
    }
  }
  const names = [...graph.names.keys()].slice(0, 8);
  return names.length === 0 ? "" : `: there are ${names.join(", ")}`;
}
