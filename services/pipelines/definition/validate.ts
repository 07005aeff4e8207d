// Everything that can be wrong with a definition, at once and before anything runs: programs that there are not, inputs
// that are missing or superfluous, and references whose type does not fit. Pure.

import { asDspexError } from "../../../schemas/errors.ts";
import type { Field, Signature, Type } from "../../../schemas/signature/ast.ts";
import { compileCheck } from "../../../schemas/signature/check.ts";
import { describeType } from "../../../schemas/signature/describe.ts";
import { checkExpression } from "../../variables/expression/check.ts";
import type { Type as ExpressionType } from "../../variables/expression/operations.ts";
import { type CompileResult, compile } from "./compile.ts";
import {
  type Compiled,
  type CompiledGraph,
  type CompiledStage,
  type DefinitionProblem,
  graphAt,
} from "./compiled.ts";
import type { Normalised } from "./normalise.ts";
import { ANY, commonType, fitsInto, optional, typeAtPath, typeOfConstant } from "./type-fit.ts";
import type { ReadyExpression, ReadyValue, ReadyValues, Target } from "./value.ts";

/** Where signatures come from; a text = why there is none. */
export interface Signatures {
  program(name: string, version: string | undefined): Signature | string;
  pipeline(name: string, version: string | undefined): Signature | string;
}

type Fields = ReadonlyMap<string, Type>;

export function validate({ definition, version }: Normalised, signatures: Signatures): CompileResult {
  const { compiled, problems } = compile(definition, version);
  // Beyond the bounds there is nothing to look at.
  if (compiled.graphs.length > 0) new TypeChecker(compiled, signatures, problems).check();
  return { compiled, problems };
}

class TypeChecker {
  readonly #compiled: Compiled;
  readonly #signatures: Signatures;
  readonly #problems: DefinitionProblem[];
  readonly #outputs = new Map<number, Fields | undefined>();
  /** Stages whose outputs are being found: a loop's may need its own. */
  readonly #asked = new Set<number>();

  constructor(compiled: Compiled, signatures: Signatures, problems: DefinitionProblem[]) {
    this.#compiled = compiled;
    this.#signatures = signatures;
    this.#problems = problems;
  }

  check(): void {
    for (const one of this.#compiled.stages) this.#checkStage(one);
    const [root] = this.#compiled.graphs;
    if (root === undefined) return;
    this.#checkFields(undefined, root, root.outputs, this.#compiled.signature.outputs, "outputs", "output");
    for (const graph of this.#compiled.graphs)
      for (const [name, value] of graph.outputs)
        this.#typeOf(value, graph, graph.owner, `${graph.at}outputs.${name}`);
  }

  #checkStage(one: CompiledStage): void {
    const { stage, at, index } = one;
    const graph = graphAt(this.#compiled, one.graph);
    if (one.when !== undefined) this.#condition(one.when, graph, index, `${at}.when`);
    if (one.until !== undefined) {
      const body = graphAt(this.#compiled, one.bodies[0] as number);
      this.#condition(one.until, body, index, `${at}.until`);
    }
    if (stage.kind === "call" || stage.kind === "pipeline") {
      const signature = this.#signatureOf(one);
      if (signature !== undefined)
        this.#checkFields(index, graph, one.values, signature.inputs, `${at}.inputs`, "input");
    } else {
      for (const [name, value] of one.values) this.#typeOf(value, graph, index, `${at}.${name}`);
    }
    if (one.subject !== undefined) this.#checkSubject(one, one.subject, graph);
    const { compensate } = stage;
    if (compensate !== undefined && one.undo !== undefined) {
      const signature = this.#signatures.program(compensate.program, undefined);
      if (typeof signature === "string") this.#problem(index, `${at}.compensate.program`, signature);
      else this.#checkFields(index, graph, one.undo, signature.inputs, `${at}.compensate.inputs`, "input");
    }
    this.#checkFallback(one, graph);
  }

  #checkSubject({ stage, index, at }: CompiledStage, subject: ReadyValue, graph: CompiledGraph): void {
    const [member, wanted]: [string, Type] =
      stage.kind === "map"
        ? ["over", { kind: "list", items: ANY }]
        : stage.kind === "delay"
          ? ["ms", { kind: "float" }]
          : ["on", ANY];
    this.#fit(subject, { kind: "optional", of: wanted } as Type, graph, index, `${at}.${member}`);
  }

  /** What stands in must give what the stage would have given. */
  #checkFallback(one: CompiledStage, graph: CompiledGraph): void {
    const outputs = this.#outputsOf(one);
    if (outputs === undefined) return;
    const standIn =
      one.standIn ?? (one.fallback === undefined ? undefined : graphAt(this.#compiled, one.fallback).outputs);
    if (standIn === undefined) return;
    const scope = one.fallback === undefined ? graph : graphAt(this.#compiled, one.fallback);
    const at = one.fallback === undefined ? `${one.at}.onFailure.value` : `${scope.at}outputs`;
    const given = new Map(standIn);
    for (const [name, type] of outputs) {
      const value = given.get(name);
      // A race's or switch's body may give more than is needed: what nobody gives, nobody misses.
      if (value === undefined)
        this.#problem(one.index, at, `what stands in for "${one.stage.name}" gives no "${name}"`);
      else this.#fit(value, type, scope, one.index, `${at}.${name}`);
    }
  }

  #checkFields(
    index: number | undefined,
    graph: CompiledGraph,
    values: ReadyValues,
    fields: readonly Field[],
    at: string,
    what: "input" | "output",
  ): void {
    const wanted = new Map(fields.map((field) => [field.name, field]));
    for (const [name, value] of values) {
      const field = wanted.get(name);
      if (field === undefined)
        this.#problem(
          index,
          `${at}.${name}`,
          `no ${what} "${name}": there are ${[...wanted.keys()].join(", ")}`,
        );
      else this.#fit(value, field.type, graph, index, `${at}.${name}`);
    }
    const given = new Set(values.map(([name]) => name));
    for (const field of fields) {
      const isOptional = field.default !== undefined || field.type.kind === "optional";
      if (!given.has(field.name) && !isOptional)
        this.#problem(index, at, `${what} "${field.name}" is missing (${describeType(field.type)})`);
    }
  }

  #fit(value: ReadyValue, type: Type, graph: CompiledGraph, index: number | undefined, at: string): void {
    if (value.kind === "constant") {
      const inner =
        type.kind === "optional" && value.value === null
          ? undefined
          : compileCheck(type, { references: true });
      if (inner !== undefined && !inner.fits(value.value))
        this.#problem(
          index,
          at,
          `expected ${describeType(type)}, got ${JSON.stringify(value.value)?.slice(0, 80)}`,
        );
      return;
    }
    if (value.kind === "list" && type.kind === "list") {
      for (const [n, item] of value.items.entries()) this.#fit(item, type.items, graph, index, `${at}[${n}]`);
      return;
    }
    const from = this.#typeOf(value, graph, index, at);
    // A stage that is skipped skips those that cannot do without it: that is no error.
    if (!fitsInto(from, type))
      this.#problem(index, at, `expected ${describeType(type)}, got ${describeType(from)}${written(value)}`);
  }

  #condition(value: ReadyExpression, graph: CompiledGraph, index: number, at: string): void {
    const type = this.#typeOf(value, graph, index, at);
    if (type.kind !== "bool" && type.kind !== "any")
      this.#problem(index, at, `a condition is true or false, this is ${describeType(type)}`);
  }

  #typeOf(value: ReadyValue, graph: CompiledGraph, index: number | undefined, at: string): Type {
    switch (value.kind) {
      case "constant":
        return typeOfConstant(value.value);
      case "reference":
        return this.#typeAt(value.target, graph, index, at);
      case "expression": {
        try {
          return fromExpression(
            checkExpression(value.expression, (name) => {
              const target = value.names.get(name);
              return target === undefined ? "any" : toExpression(this.#typeAt(target, graph, index, at));
            }),
          );
        } catch (error) {
          this.#problem(index, at, asDspexError(error).message);
          return ANY;
        }
      }
      case "first": {
        const types = value.values.map((one) => this.#typeOf(one, graph, index, at));
        const last = value.values.at(-1);
        const common = types
          .map((one) => (one.kind === "optional" ? one.of : one) as Type)
          .reduce(commonType);
        const mayBeNull = last !== undefined && types.at(-1)?.kind === "optional";
        return mayBeNull ? optional(common) : common;
      }
      case "list": {
        const types = value.items.map((one) => this.#typeOf(one, graph, index, at));
        return { kind: "list", items: types.length === 0 ? ANY : types.reduce(commonType) };
      }
      case "object":
        for (const [, member] of value.members) this.#typeOf(member, graph, index, at);
        return ANY;
      default:
        return value satisfies never;
    }
  }

  #typeAt(target: Target, graph: CompiledGraph, index: number | undefined, at: string): Type {
    const found = this.#baseType(target, graph);
    if (typeof found === "string") {
      this.#problem(index, at, found);
      return ANY;
    }
    const path = "path" in target ? target.path : [];
    const type = typeAtPath(found, path);
    if (typeof type !== "string") return type;
    this.#problem(index, at, type);
    return ANY;
  }

  #baseType(target: Target, graph: CompiledGraph): Type | string {
    switch (target.kind) {
      case "input": {
        const field = this.#compiled.signature.inputs.find(({ name }) => name === target.field);
        if (field !== undefined) return field.type;
        const names = this.#compiled.signature.inputs.map(({ name }) => name).join(", ");
        return `the pipeline has no input "${target.field}": there are ${names}`;
      }
      case "run-id":
        return { kind: "str" };
      case "index":
      case "iteration":
        return { kind: "int" };
      case "item": {
        const owner = this.#ownerAbove(graph, target.up);
        if (owner?.subject === undefined) return ANY;
        const over = this.#typeOf(owner.subject, graphAt(this.#compiled, owner.graph), undefined, owner.at);
        const list = over.kind === "optional" ? over.of : over;
        return list.kind === "list" ? list.items : ANY;
      }
      case "loop": {
        const owner = this.#ownerAbove(graph, target.up);
        const initial = owner?.values.find(([name]) => name === target.field);
        if (owner !== undefined && initial === undefined)
          return `the loop has no "${target.field}": initial has ${owner.values.map(([name]) => name).join(", ")}`;
        if (owner === undefined || initial === undefined) return ANY;
        const type = this.#typeOf(initial[1], graphAt(this.#compiled, owner.graph), undefined, owner.at);
        if (initial[1].kind !== "constant") return type;
        // What is written says little of what it becomes: a list that is empty, a null.
        const given = this.#outputsOf(owner)?.get(target.field);
        if (given === undefined) return ANY;
        return initial[1].value === null ? given : commonType(type, given);
      }
      case "stage": {
        const one = this.#compiled.stages[target.stage];
        if (one === undefined) return ANY;
        const outputs = this.#outputsOf(one);
        if (outputs === undefined) return ANY;
        const type = outputs.get(target.field);
        if (type !== undefined) return type;
        const names = [...outputs.keys()].join(", ");
        return `stage "${one.stage.name}" has no output "${target.field}": ${names === "" ? "it has none" : `there are ${names}`}`;
      }
      default:
        return target satisfies never;
    }
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

  /** Outputs with their types; undefined where they are not known. */
  #outputsOf(one: CompiledStage): Fields | undefined {
    const known = this.#outputs.get(one.index);
    if (known !== undefined || this.#outputs.has(one.index)) return known;
    if (this.#asked.has(one.index)) return undefined;
    this.#asked.add(one.index);
    const found = this.#findOutputs(one);
    this.#asked.delete(one.index);
    this.#outputs.set(one.index, found);
    return found;
  }

  #findOutputs(one: CompiledStage): Fields | undefined {
    const { stage } = one;
    const graph = graphAt(this.#compiled, one.graph);
    switch (stage.kind) {
      case "call":
      case "pipeline":
        return fieldTypes(this.#signatureOf(one)?.outputs);
      case "signal":
        return fieldTypes(one.fields);
      case "delay":
        return new Map();
      case "value":
        return new Map(one.values.map(([name, value]) => [name, this.#quietType(value, graph)]));
      case "map": {
        const [body] = one.bodies;
        const outputs = this.#graphTypes(body);
        const item = (type: Type): Type => (stage.onItemFailure === "skip" ? optional(type) : type);
        return new Map(
          [...outputs].map(([name, type]) => [name, { kind: "list", items: item(type) } as Type]),
        );
      }
      case "loop":
        return this.#graphTypes(one.bodies[0]);
      case "race":
      case "switch": {
        const bodies = one.bodies.map((body) => this.#graphTypes(body));
        const common = new Map<string, Type>();
        for (const [name, type] of bodies[0] ?? []) {
          const others = bodies.map((body) => body.get(name));
          if (others.some((other) => other === undefined)) continue;
          common.set(name, (others as Type[]).reduce(commonType, type));
        }
        return common;
      }
      default:
        return stage satisfies never;
    }
  }

  #graphTypes(id: number | undefined): Map<string, Type> {
    if (id === undefined) return new Map();
    const graph = graphAt(this.#compiled, id);
    return new Map(graph.outputs.map(([name, value]) => [name, this.#quietType(value, graph)]));
  }

  /** What is wrong is told where it is looked at for its own sake. */
  #quietType(value: ReadyValue, graph: CompiledGraph): Type {
    const before = this.#problems.length;
    const type = this.#typeOf(value, graph, graph.owner, graph.at);
    this.#problems.length = before;
    return type;
  }

  #signatureOf({ stage, index, at }: CompiledStage): Signature | undefined {
    if (stage.kind !== "call" && stage.kind !== "pipeline") return undefined;
    const [member, found] =
      stage.kind === "call"
        ? ["program", this.#signatures.program(stage.program, stage.version)]
        : ["pipeline", this.#signatures.pipeline(stage.pipeline, stage.version)];
    if (typeof found !== "string") return found;
    const path = `${at}.${member}`;
    if (!this.#problems.some((one) => one.path === path)) this.#problem(index, path, found);
    return undefined;
  }

  #problem(index: number | undefined, path: string, message: string): void {
    if (this.#problems.some((one) => one.path === path && one.message === message)) return;
    const one = index === undefined ? undefined : this.#compiled.stages[index];
    const stage = one === undefined ? {} : { stage: [...one.within, one.stage.name].join("/") };
    this.#problems.push({ ...stage, path, message });
  }
}

function fieldTypes(fields: readonly Field[] | undefined): Fields | undefined {
  return fields === undefined ? undefined : new Map(fields.map(({ name, type }) => [name, type]));
}

function written(value: ReadyValue): string {
  if (value.kind === "reference") return ` (${value.text})`;
  return value.kind === "expression" ? ` (${value.expression.text})` : "";
}

function toExpression(type: Type): ExpressionType {
  switch (type.kind) {
    case "int":
    case "float":
      return "number";
    case "str":
      return "text";
    case "bool":
      return "boolean";
    case "list":
      return "list";
    case "optional":
      return toExpression(type.of);
    default:
      return "any";
  }
}

function fromExpression(type: ExpressionType): Type {
  switch (type) {
    case "number":
      // Which of them it is depends on the numbers.
      return ANY;
    case "text":
      return { kind: "str" };
    case "boolean":
      return { kind: "bool" };
    case "list":
      return { kind: "list", items: ANY };
    case "any":
      return ANY;
    default:
      return type satisfies never;
  }
}
