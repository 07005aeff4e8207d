// Where references lead: to inputs, to what the bodies around give, to stages of the same graph or of one around it. Who
// refers to a stage waits for it. Changes the stages and graphs that it is made with.

import type { GrowingGraph, Numbered } from "./number.ts";
import { namesText, type Problems } from "./problems.ts";
import type { Reference } from "./reference.ts";
import type { ReadingContext, Target } from "./value.ts";

/** Who refers, and from where. */
interface Reader {
  graph: GrowingGraph;
  /** The stage of that graph that waits for what it names. */
  self: number | undefined;
  /** The stage that a problem is told of. */
  by: number | undefined;
  /** Its own outputs can be seen, too. */
  isOwn: boolean;
}

export class Resolver {
  readonly #numbered: Numbered;
  readonly #problems: Problems;

  constructor(numbered: Numbered, problems: Problems) {
    this.#numbered = numbered;
    this.#problems = problems;
  }

  context(
    graph: GrowingGraph,
    self: number | undefined,
    by: number | undefined,
    isOwn = false,
  ): ReadingContext {
    const reader = { graph, self, by, isOwn };
    return {
      problem: (at, message) => this.#problem(by, at, message),
      resolve: (reference, at) => this.#resolve(reference, reader, at),
    };
  }

  /** A stage of the same graph that has to end before, whatever it gives. */
  after(graph: GrowingGraph, index: number, name: string, at: string): void {
    const found = graph.names.get(name);
    if (found === undefined) {
      this.#problem(index, at, `no stage "${name}" in the same graph${suggestion(name, graph)}`);
      return;
    }
    graph.used.add(found);
    const one = this.#numbered.stages[index];
    if (one !== undefined && !one.needs.includes(found)) one.needs = [...one.needs, found];
  }

  #resolve(reference: Reference, reader: Reader, at: string): Target | undefined {
    const { base, field = "", path, text } = reference;
    const { graph, by } = reader;
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
        return this.#resolveStageName(reference, reader, at);
    }
  }

  #resolveStageName(
    { base, field = "", path, text }: Reference,
    { graph, self, by, isOwn }: Reader,
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
    const one = asks === undefined ? undefined : this.#numbered.stages[asks];
    if (one === undefined) return;
    if (!one.needs.includes(stage)) one.needs = [...one.needs, stage];
    if (!one.reads.includes(stage)) one.reads = [...one.reads, stage];
  }

  /** Frames to go up to the body of the nearest stage of that kind; from a fallback its owner's body is not around. */
  #upTo(graph: GrowingGraph, kind: "map" | "loop"): number | undefined {
    let up = 0;
    for (let around: GrowingGraph | undefined = graph; around !== undefined; around = around.parent, up++) {
      const owner = around.owner === undefined ? undefined : this.#numbered.stages[around.owner];
      if (owner?.stage.kind === kind && around.place !== "fallback") return up;
    }
    return undefined;
  }

  #problem(index: number | undefined, path: string, message: string): void {
    this.#problems.tell(index === undefined ? undefined : this.#numbered.stages[index], path, message);
  }
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
  return graph.names.size === 0 ? "" : `: there are ${namesText(graph.names.keys())}`;
}
