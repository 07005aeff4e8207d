// The types of what a definition refers to: of inputs, stages' outputs, items and what goes round in loops. Each is found
// once: bodies within bodies refer outwards, and a list of references is as many ways to the same place. Pure.

import { asDspexError } from "../../../schemas/errors.ts";
import type { Field, Signature, Type } from "../../../schemas/signature/ast.ts";
import { checkExpression } from "../../variables/expression/check.ts";
import { type Compiled, type CompiledGraph, type CompiledStage, graphAt } from "./compiled.ts";
import { fromExpression, toExpression } from "./expression-type.ts";
import { namesText, type Problems } from "./problems.ts";
import { ANY, commonType, optional, typeAtPath, typeOfConstant } from "./type-fit.ts";
import type { ReadyValue, Target } from "./value.ts";

/** Where signatures come from; a text = why there is none. */
export interface Signatures {
  program(name: string, version: string | undefined): Signature | string;
  pipeline(name: string, version: string | undefined): Signature | string;
}

/** Who asks: the graph in which a value stands, and the stage that problems are told of. */
export interface Asking {
  graph: CompiledGraph;
  of: CompiledStage | undefined;
  at: string;
}

type Fields = ReadonlyMap<string, Type>;

export class Types {
  readonly #compiled: Compiled;
  readonly #signatures: Signatures;
  readonly #problems: Problems;
  readonly #outputs = new Map<number, Fields | undefined>();
  /** Stages whose outputs are being found: a loop's may need its own. */
  readonly #asked = new Set<number>();
  /** Of what a map goes over, and of a loop's fields, by the stage. */
  readonly #items = new Map<number, Type>();
  readonly #initials = new Map<string, Type>();

  constructor(compiled: Compiled, signatures: Signatures, problems: Problems) {
    this.#compiled = compiled;
    this.#signatures = signatures;
    this.#problems = problems;
  }

  of(value: ReadyValue, asking: Asking): Type {
    switch (value.kind) {
      case "constant":
        return typeOfConstant(value.value);
      case "reference":
        return this.#target(value.target, asking);
      case "expression": {
        try {
          return fromExpression(
            checkExpression(value.expression, (name) => {
              const target = value.names.get(name);
              return target === undefined ? "any" : toExpression(this.#target(target, asking));
            }),
          );
        } catch (error) {
          return this.#refuse(asking, asDspexError(error).message);
        }
      }
      case "first": {
        const types = value.values.map((one) => this.of(one, asking));
        const common = types
          .map((one) => (one.kind === "optional" ? one.of : one) as Type)
          .reduce(commonType);
        return types.at(-1)?.kind === "optional" ? optional(common) : common;
      }
      case "list": {
        const types = value.items.map((one) => this.of(one, asking));
        return { kind: "list", items: types.length === 0 ? ANY : types.reduce(commonType) };
      }
      case "object":
        for (const [, member] of value.members) this.of(member, asking);
        return ANY;
      default:
        return value satisfies never;
    }
  }

  /** Outputs with their types; undefined where they are not known. */
  outputsOf(one: CompiledStage): Fields | undefined {
    if (this.#outputs.has(one.index)) return this.#outputs.get(one.index);
    if (this.#asked.has(one.index)) return undefined;
    this.#asked.add(one.index);
    const found = this.#problems.quietly(() => this.#findOutputs(one));
    this.#asked.delete(one.index);
    this.#outputs.set(one.index, found);
    return found;
  }

  /** Of a call or a child pipeline; where there is none that is a problem of the stage. */
  signatureOf(one: CompiledStage): Signature | undefined {
    const { stage, at } = one;
    if (stage.kind !== "call" && stage.kind !== "pipeline") return undefined;
    const [member, found] =
      stage.kind === "call"
        ? ["program", this.#signatures.program(stage.program, stage.version)]
        : ["pipeline", this.#signatures.pipeline(stage.pipeline, stage.version)];
    if (typeof found !== "string") return found;
    this.#problems.tell(one, `${at}.${member}`, found);
    return undefined;
  }

  #target(target: Target, asking: Asking): Type {
    const found = this.#base(target, asking.graph);
    if (typeof found === "string") return this.#refuse(asking, found);
    const type = typeAtPath(found, "path" in target ? target.path : []);
    return typeof type === "string" ? this.#refuse(asking, type) : type;
  }

  #refuse({ of, at }: Asking, message: string): Type {
    this.#problems.tell(of, at, message);
    return ANY;
  }

  /** Without its path; a text = there is none. */
  #base(target: Target, graph: CompiledGraph): Type | string {
    switch (target.kind) {
      case "input": {
        const { inputs } = this.#compiled.signature;
        const field = inputs.find(({ name }) => name === target.field);
        if (field !== undefined) return field.type;
        return `the pipeline has no input "${target.field}": there are ${namesText(inputs.map(({ name }) => name))}`;
      }
      case "run-id":
        return { kind: "str" };
      case "index":
      case "iteration":
        return { kind: "int" };
      case "item":
        return this.#item(this.#ownerAbove(graph, target.up));
      case "loop":
        return this.#loopField(this.#ownerAbove(graph, target.up), target.field);
      case "stage": {
        const one = this.#compiled.stages[target.stage];
        const outputs = one === undefined ? undefined : this.outputsOf(one);
        if (one === undefined || outputs === undefined) return ANY;
        const type = outputs.get(target.field);
        if (type !== undefined) return type;
        const names = outputs.size === 0 ? "it has none" : `there are ${namesText(outputs.keys())}`;
        return `stage "${one.stage.name}" has no output "${target.field}": ${names}`;
      }
      default:
        return target satisfies never;
    }
  }

  #item(owner: CompiledStage | undefined): Type {
    const subject = owner?.subject;
    if (owner === undefined || subject === undefined) return ANY;
    let type = this.#items.get(owner.index);
    if (type === undefined) {
      const over = this.#quietly(subject, owner);
      const list = over.kind === "optional" ? over.of : over;
      type = list.kind === "list" ? list.items : ANY;
      this.#items.set(owner.index, type);
    }
    return type;
  }

  #loopField(owner: CompiledStage | undefined, field: string): Type | string {
    if (owner === undefined) return ANY;
    const initial = owner.values.find(([name]) => name === field)?.[1];
    if (initial === undefined)
      return `the loop has no "${field}": initial has ${namesText(owner.values.map(([name]) => name))}`;
    const key = `${owner.index} ${field}`;
    let type = this.#initials.get(key);
    if (type === undefined) {
      type = this.#quietly(initial, owner);
      this.#initials.set(key, type);
    }
    if (initial.kind !== "constant") return type;
    // What is written says little of what it becomes: a list that is empty, a null.
    const given = this.outputsOf(owner)?.get(field);
    if (given === undefined) return ANY;
    return initial.value === null ? given : commonType(type, given);
  }

  /** Of a value of the stage itself, which is looked at for its own sake elsewhere. */
  #quietly(value: ReadyValue, of: CompiledStage): Type {
    const asking = { graph: graphAt(this.#compiled, of.graph), of, at: of.at };
    return this.#problems.quietly(() => this.of(value, asking));
  }

  /** Owner of the graph `up` graphs around. */
  #ownerAbove(graph: CompiledGraph, up: number): CompiledStage | undefined {
    let around: CompiledGraph | undefined = graph;
    for (let n = 0; n < up && around !== undefined; n++) {
      const owner: CompiledStage | undefined =
        around.owner === undefined ? undefined : this.#compiled.stages[around.owner];
      around = owner === undefined ? undefined : graphAt(this.#compiled, owner.graph);
    }
    return around?.owner === undefined ? undefined : this.#compiled.stages[around.owner];
  }

  #findOutputs(one: CompiledStage): Fields | undefined {
    const { stage } = one;
    switch (stage.kind) {
      case "call":
      case "pipeline":
        return fieldTypes(this.signatureOf(one)?.outputs);
      case "signal":
        return fieldTypes(one.fields);
      case "delay":
        return new Map();
      case "value":
        return new Map(one.values.map(([name, value]) => [name, this.#quietly(value, one)]));
      case "map": {
        const item = (type: Type): Type => (stage.onItemFailure === "skip" ? optional(type) : type);
        const outputs = this.#graphOutputs(one.bodies[0]);
        return new Map(
          [...outputs].map(([name, type]): [string, Type] => [name, { kind: "list", items: item(type) }]),
        );
      }
      case "loop":
        return this.#graphOutputs(one.bodies[0]);
      case "race":
      case "switch":
        return commonFields(one.bodies.map((body) => this.#graphOutputs(body)));
      default:
        return stage satisfies never;
    }
  }

  #graphOutputs(id: number | undefined): Map<string, Type> {
    if (id === undefined) return new Map();
    const graph = graphAt(this.#compiled, id);
    const of = graph.owner === undefined ? undefined : this.#compiled.stages[graph.owner];
    return new Map(graph.outputs.map(([name, value]) => [name, this.of(value, { graph, of, at: graph.at })]));
  }
}

/** What all of them give. */
function commonFields([first, ...others]: Map<string, Type>[]): Fields {
  const common = new Map<string, Type>();
  for (const [name, type] of first ?? []) {
    const types = others.map((other) => other.get(name));
    if (types.some((other) => other === undefined)) continue;
    common.set(name, (types as Type[]).reduce(commonType, type));
  }
  return common;
}

function fieldTypes(fields: readonly Field[] | undefined): Fields | undefined {
  return fields === undefined ? undefined : new Map(fields.map(({ name, type }) => [name, type]));
}
