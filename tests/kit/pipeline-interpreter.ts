// What a pipeline means, said as plainly as possible: stages one after the other, values looked up in scopes, no log, no
// time, nothing at once. The service must come to the same.

import type {
  PipelineDeclaration,
  PipelineGraph,
  PipelineStage,
} from "../../schemas/messages/pipeline-definition.ts";
import { evaluateExpression } from "../../services/variables/expression/evaluate.ts";
import { parseExpression } from "../../services/variables/expression/parse.ts";
import type { Programs } from "./pipeline-world.ts";

type Values = Record<string, unknown>;
/** Null = skipped. */
type Outcome = Values | null;

interface Scope {
  stages: Map<string, Outcome>;
  around: Scope | undefined;
  item?: { value: unknown; index: number };
  loop?: { values: Values; iteration: number };
}

class Failed extends Error {}

export class Interpreter {
  readonly #programs: Programs;
  readonly #pipelines: ReadonlyMap<string, PipelineDeclaration>;

  constructor(programs: Programs, pipelines: ReadonlyMap<string, PipelineDeclaration>) {
    this.#programs = programs;
    this.#pipelines = pipelines;
  }

  /** The outputs, or undefined when the run fails. */
  run(declaration: PipelineDeclaration, inputs: Values): Values | undefined {
    try {
      return new Interpretation(this.#programs, this.#pipelines, inputs).graph(declaration, undefined);
    } catch (error) {
      if (error instanceof Failed) return undefined;
      throw error;
    }
  }
}

class Interpretation {
  readonly #programs: Programs;
  readonly #pipelines: ReadonlyMap<string, PipelineDeclaration>;
  readonly #inputs: Values;

  constructor(programs: Programs, pipelines: ReadonlyMap<string, PipelineDeclaration>, inputs: Values) {
    this.#programs = programs;
    this.#pipelines = pipelines;
    this.#inputs = inputs;
  }

  /** Stages come in an order in which each finds what it refers to. */
  graph(graph: PipelineGraph, around: Scope | undefined, own: Partial<Scope> = {}): Values {
    const scope: Scope = { stages: new Map(), around, ...own };
    for (const stage of graph.stages) scope.stages.set(stage.name, this.#stage(stage, scope));
    return this.#values(graph.outputs, scope);
  }

  #stage(stage: PipelineStage, scope: Scope): Outcome {
    if (stage.when !== undefined && this.#expression(stage.when, scope) !== true) return null;
    try {
      return this.#do(stage, scope);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      const { onFailure = "fail" } = stage;
      if (onFailure === "skip") return null;
      if (onFailure === "fail") throw error;
      return "value" in onFailure ? this.#values(onFailure.value, scope) : this.graph(onFailure.stage, scope);
    }
  }

  #do(stage: PipelineStage, scope: Scope): Outcome {
    switch (stage.kind) {
      case "call":
      case "pipeline": {
        const inputs = this.#values(stage.inputs, scope);
        for (const [name, value] of Object.entries(stage.inputs))
          if (inputs[name] === null && this.#readsSkipped(value, scope)) return null;
        return stage.kind === "call"
          ? this.#call(stage.program, inputs)
          : this.#child(stage.pipeline, inputs);
      }
      case "map": {
        const list = this.#value(stage.over, scope);
        if (list === null) return null;
        const items = (list as unknown[]).map((value, index): Values | null => {
          try {
            return this.graph(stage.body, scope, { item: { value, index } });
          } catch (error) {
            if (!(error instanceof Failed) || stage.onItemFailure !== "skip") throw error;
            return null;
          }
        });
        return Object.fromEntries(
          Object.keys(stage.body.outputs).map((name) => [name, items.map((item) => item?.[name] ?? null)]),
        );
      }
      case "switch": {
        const on = this.#value(stage.on, scope);
        const body = stage.cases.find(({ equals }) => equals === on)?.body ?? stage.otherwise;
        return body === undefined ? {} : this.graph(body, scope);
      }
      case "loop": {
        let values = this.#values(stage.initial, scope);
        for (let iteration = 0; ; iteration++) {
          values = this.graph(stage.body, scope, { loop: { values, iteration } });
          const after: Scope = { stages: new Map(), around: scope, loop: { values, iteration } };
          if (iteration + 1 >= stage.max || this.#expression(stage.until, after) === true) return values;
        }
      }
      case "race": {
        let failed: unknown;
        for (const { body } of stage.bodies) {
          try {
            return this.graph(body, scope);
          } catch (error) {
            failed = error;
          }
        }
        throw failed;
      }
      case "delay":
        return {};
      case "value":
        return this.#values(stage.outputs, scope);
      case "signal":
        throw new Error("nobody signals here");
      default:
        return stage satisfies never;
    }
  }

  #call(program: string, inputs: Values): Values {
    try {
      return this.#programs[program]?.[1](inputs, "") ?? {};
    } catch {
      throw new Failed(program);
    }
  }

  #child(pipeline: string, inputs: Values): Values {
    const declaration = this.#pipelines.get(pipeline) as PipelineDeclaration;
    const outputs = new Interpreter(this.#programs, this.#pipelines).run(declaration, inputs);
    if (outputs === undefined) throw new Failed(pipeline);
    return outputs;
  }

  #values(values: Values, scope: Scope): Values {
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, this.#value(value, scope)]),
    );
  }

  #value(value: unknown, scope: Scope): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#value(item, scope));
    if (typeof value !== "object" || value === null) return value;
    if ("$from" in value) return this.#look(String(value.$from), scope);
    if ("$expr" in value) return this.#expression(String(value.$expr), scope);
    if ("$first" in value) {
      for (const one of value.$first as unknown[]) {
        const found = this.#value(one, scope);
        if (found !== null) return found;
      }
      return null;
    }
    return this.#values(value as Values, scope);
  }

  #expression(text: string, scope: Scope): unknown {
    const expression = parseExpression(text, { dotted: true });
    for (const name of expression.names) if (this.#look(name, scope) === null) return null;
    try {
      return evaluateExpression(expression, (name) => this.#look(name, scope));
    } catch {
      throw new Failed(text);
    }
  }

  #look(reference: string, scope: Scope): unknown {
    const [base = "", ...path] = reference.split(".");
    const found = this.#base(base, path, scope);
    return (
      found.path.reduce<unknown>((at, part) => (at as Values | null)?.[part] ?? null, found.value) ?? null
    );
  }

  #base(base: string, path: string[], scope: Scope): { value: unknown; path: string[] } {
    if (base === "inputs") return { value: this.#inputs, path };
    for (let at: Scope | undefined = scope; at !== undefined; at = at.around) {
      if (base === "item" && at.item !== undefined) return { value: at.item.value, path };
      if (base === "index" && at.item !== undefined) return { value: at.item.index, path };
      if (base === "loop" && at.loop !== undefined)
        return { value: { ...at.loop.values, iteration: at.loop.iteration }, path };
      const stage = at.stages.get(base);
      if (stage !== undefined) return { value: stage, path };
    }
    return { value: null, path };
  }

  #readsSkipped(value: unknown, scope: Scope): boolean {
    const text = JSON.stringify(value);
    for (let at: Scope | undefined = scope; at !== undefined; at = at.around)
      for (const [name, outcome] of at.stages)
        if (outcome === null && new RegExp(`\\b${name}\\.`).test(text)) return true;
    return false;
  }
}
