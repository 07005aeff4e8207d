// The value of what a definition says, where a run stands: references into inputs and outputs, expressions, firsts. What
// lies elsewhere (large outputs, values behind references) is asked for and then looked up. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { type Reference, referenceSchema } from "../../../schemas/messages/reference.ts";
import { evaluateExpression } from "../../variables/expression/evaluate.ts";
import { type Compiled, type CompiledStage, graphAt, stageAt } from "../definition/compiled.ts";
import type { ReadyExpression, ReadyValue, ReadyValues, Target } from "../definition/value.ts";
import { bodyPath, type Frame, type Instance, instanceKey, type Run } from "./state.ts";

type Outputs = Record<string, unknown>;

/** Something that lies in the log or in the bucket of large values. */
export type Need = { sequence: number } | { reference: Reference["$ref"] };
export function needKey(need: Need): string {
  return "sequence" in need ? `log ${need.sequence}` : `value ${need.reference.key}`;
}
/** What was read, by `needKey`; an error = it is not there any more. */
export type Loaded = ReadonlyMap<string, unknown>;

/** Thrown when something has to be read first. */
export class MissingValues extends Error {
  readonly needs: Need[];
  constructor(needs: Need[]) {
    super(`${needs.length} values have to be read first`);
    this.needs = needs;
  }
}

/** A name of an expression that has no value. */
class NullName extends Error {}

export class Evaluator {
  readonly #run: Run;
  readonly #compiled: Compiled;
  readonly #loaded: Loaded;
  readonly #needs = new Map<string, Need>();
  readonly #known = new Map<string, unknown>();

  constructor(run: Run, compiled: Compiled, loaded: Loaded) {
    this.#run = run;
    this.#compiled = compiled;
    this.#loaded = loaded;
  }

  /** @throws MissingValues; DspexError `invalid_inputs`, `gone` */
  value(value: ReadyValue, path: string): unknown {
    return this.#whole(() => this.#value(value, path));
  }

  values(values: ReadyValues, path: string): Outputs {
    return this.#whole(() => this.#values(values, path));
  }

  /** An expression that is true or false; nothing where it names what is not there. */
  condition(expression: ReadyExpression, path: string): boolean {
    return this.#whole(() => {
      const value = this.#expression(expression, path);
      if (value === null) return false;
      if (typeof value === "boolean") return value;
      // What is missing may stand for anything: what it is, shows when it is there.
      if (this.#needs.size > 0) return false;
      throw new DspexError("invalid_inputs", `${expression.expression.text} is neither true nor false`);
    });
  }

  /** All outputs of a stage with bodies, or undefined when something would have to be read for them. */
  outputsIfAtHand(instance: Instance): Outputs | undefined {
    const before = new Map(this.#needs);
    try {
      const one = stageAt(this.#compiled, instance.stage);
      const names = outputNames(this.#compiled, one, instance.fallback === "stage");
      const outputs = Object.fromEntries(names.map((name) => [name, this.#output(instance, name)]));
      return this.#needs.size === before.size ? outputs : undefined;
    } finally {
      this.#needs.clear();
      for (const [key, need] of before) this.#needs.set(key, need);
    }
  }

  #whole<T>(evaluate: () => T): T {
    let result: T;
    try {
      result = evaluate();
    } catch (error) {
      // What failed may have failed for want of what has to be read.
      if (this.#needs.size === 0) throw error;
      result = undefined as T;
    }
    if (this.#needs.size === 0) return result;
    const needs = [...this.#needs.values()];
    this.#needs.clear();
    this.#known.clear();
    throw new MissingValues(needs);
  }

  #value(value: ReadyValue, path: string): unknown {
    switch (value.kind) {
      case "constant":
        return value.value;
      case "reference":
        return this.#target(value.target, path);
      case "expression":
        return this.#expression(value, path);
      case "first": {
        for (const one of value.values) {
          const found = this.#value(one, path);
          if (found !== null) return found;
        }
        return null;
      }
      case "list":
        return value.items.map((item) => this.#value(item, path));
      case "object":
        return Object.fromEntries(value.members.map(([name, member]) => [name, this.#value(member, path)]));
      default:
        return value satisfies never;
    }
  }

  #values(values: ReadyValues, path: string): Outputs {
    return Object.fromEntries(values.map(([name, value]) => [name, this.#value(value, path)]));
  }

  #expression({ expression, names }: ReadyExpression, path: string): unknown {
    try {
      return evaluateExpression(expression, (name) => {
        const target = names.get(name);
        const value = target === undefined ? null : this.#expand(this.#target(target, path));
        if (value === null) throw new NullName();
        if (typeof value === "bigint") return Number(value);
        if (typeof value === "object" && !Array.isArray(value))
          throw new DspexError("invalid_inputs", `"${name}" is an object: name a member of it`);
        return value;
      });
    } catch (error) {
      if (error instanceof NullName) return null;
      throw error;
    }
  }

  #target(target: Target, path: string): unknown {
    switch (target.kind) {
      case "run-id":
        return this.#run.run;
      case "input":
        return this.#at(this.#inputs()?.[target.field], target.path);
      case "item": {
        const { place } = this.#frameAbove(path, target.up);
        const list = this.#itemsAbove(path, target.up);
        return this.#at(Array.isArray(list) ? list[place as number] : null, target.path);
      }
      case "index":
      case "iteration":
        return this.#frameAbove(path, target.up).place;
      case "loop":
        return this.#at(this.#loopField(path, target), target.path);
      case "stage": {
        const frame = this.#frameAbove(path, target.up);
        const instance = this.#run.instances.get(instanceKey(frame.path, target.stage));
        if (instance === undefined) return null;
        return this.#at(this.#output(instance, target.field), target.path);
      }
      default:
        return target satisfies never;
    }
  }

  #inputs(): Outputs | undefined {
    const { inputs, startedSequence } = this.#run;
    return inputs ?? (this.#read({ sequence: startedSequence }) as Outputs | undefined);
  }

  #itemsAbove(path: string, up: number): unknown {
    const { parent = "" } = this.#frameAbove(path, up);
    const owner = this.#ownerOf(path, up);
    const key = `${instanceKey(parent, owner.index)} over`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const list = this.#expand(this.#value(owner.subject as ReadyValue, parent));
    if (this.#needs.size === 0) this.#known.set(key, list);
    return list;
  }

  /** Within the body what the iteration before gave; where it is asked whether there is another one, what this one gave. */
  #loopField(path: string, { up, field, after }: Extract<Target, { kind: "loop" }>): unknown {
    const frame = this.#frameAbove(path, up);
    const owner = this.#ownerOf(path, up);
    const iteration = frame.place as number;
    if (after === true) return this.#graphOutput(frame, field);
    if (iteration === 0) return this.#valueNamed(owner.values, field, frame.parent ?? "");
    const instance = this.#run.instances.get(instanceKey(frame.parent ?? "", owner.index));
    if (instance === undefined) return null;
    const before = this.#run.frames.get(bodyPath(instance, owner.stage.name, iteration - 1));
    return before === undefined ? null : this.#graphOutput(before, field);
  }

  /** What the stage gives under that name, wherever it lies; null where it was skipped or has not ended well. */
  #output(instance: Instance, field: string): unknown {
    const key = `${instance.path}#${instance.stage}.${field}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#findOutput(instance, field) ?? null;
    if (this.#needs.size === 0 && instance.status === "finished") this.#known.set(key, found);
    return found;
  }

  #findOutput(instance: Instance, field: string): unknown {
    const { status, outputs, sequence, path, fallback, taken, entered } = instance;
    if (status === "skipped" || status === "failed" || status === "cancelled" || status === "backoff")
      return null;
    if (outputs !== undefined) return own(outputs, field);
    const one = stageAt(this.#compiled, instance.stage);
    const { stage } = one;
    if (fallback === "value") return this.#valueNamed(one.standIn ?? [], field, path);
    if (fallback === "stage") return this.#bodyOutput(instance, stage.name, "fallback", field);
    if (sequence !== undefined) return own(this.#read({ sequence }) as Outputs | undefined, field);
    switch (stage.kind) {
      case "map":
        return Array.from(
          { length: instance.items ?? 0 },
          (_, n) => this.#bodyOutput(instance, stage.name, n, field) ?? null,
        );
      case "loop":
        return this.#bodyOutput(instance, stage.name, entered - 1, field);
      case "switch":
      case "race":
        return taken === undefined ? null : this.#bodyOutput(instance, stage.name, taken, field);
      case "value":
        return this.#valueNamed(one.values, field, path);
      case "call":
      case "pipeline":
      case "signal":
      case "delay":
        return null;
      default:
        return stage satisfies never;
    }
  }

  #bodyOutput(instance: Instance, name: string, place: number | "fallback", field: string): unknown {
    const frame = this.#run.frames.get(bodyPath(instance, name, place));
    return frame?.status === "done" ? this.#graphOutput(frame, field) : null;
  }

  #graphOutput(frame: Frame, field: string): unknown {
    const key = `${frame.path}.${field}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#valueNamed(graphAt(this.#compiled, frame.graph).outputs, field, frame.path);
    if (this.#needs.size === 0 && frame.status === "done") this.#known.set(key, found);
    return found;
  }

  #valueNamed(values: ReadyValues, field: string, path: string): unknown {
    for (const [name, value] of values) if (name === field) return this.#value(value, path);
    return null;
  }

  #frameAbove(path: string, up: number): Frame {
    let frame = this.#run.frames.get(path);
    for (let n = 0; n < up && frame?.parent !== undefined; n++) frame = this.#run.frames.get(frame.parent);
    if (frame === undefined) throw new DspexError("internal", `no frame "${path}" in run ${this.#run.run}`);
    return frame;
  }

  #ownerOf(path: string, up: number): CompiledStage {
    const { owner } = graphAt(this.#compiled, this.#frameAbove(path, up).graph);
    return stageAt(this.#compiled, owner as number);
  }

  /** The member at the end of the path; null where there is none. */
  #at(value: unknown, path: readonly string[]): unknown {
    let at = value;
    for (const part of path) {
      at = this.#expand(at);
      if (Array.isArray(at)) at = /^[0-9]{1,9}$/.test(part) ? at[Number(part)] : undefined;
      else at = own(at, part);
    }
    return at ?? null;
  }

  /** What a reference to a large value stands for. */
  #expand(value: unknown): unknown {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, "$ref")) return value;
    const parsed = referenceSchema.safeParse(value);
    return parsed.success ? this.#read({ reference: parsed.data.$ref }) : value;
  }

  /** What a map is over: a list, also where it lies elsewhere. */
  list(value: ReadyValue, path: string): unknown {
    return this.#whole(() => this.#expand(this.#value(value, path)));
  }

  #read(need: Need): unknown {
    const key = needKey(need);
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      this.#needs.set(key, need);
      return null;
    }
    if (loaded instanceof Error) throw loaded;
    return loaded;
  }
}

function own(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Outputs)[name]
    : null;
}

/** Names of what a stage with bodies, a value, or what stood in for a stage gives. */
export function outputNames(compiled: Compiled, one: CompiledStage, isFallback = false): readonly string[] {
  if (isFallback && one.fallback !== undefined)
    return graphAt(compiled, one.fallback).outputs.map(([name]) => name);
  if (one.stage.kind === "value") return one.values.map(([name]) => name);
  const names = new Set<string>();
  for (const body of one.bodies) for (const [name] of graphAt(compiled, body).outputs) names.add(name);
  return [...names];
}
