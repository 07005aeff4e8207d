// The value of what a definition says, where a run stands: references into inputs and outputs, expressions, firsts. What
// lies elsewhere (large outputs, values behind references) is asked for and then looked up. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { evaluateExpression } from "../../variables/expression/evaluate.ts";
import { type Compiled, type CompiledStage, graphAt, stageAt } from "../definition/compiled.ts";
import type { ReadyExpression, ReadyValue, ReadyValues, Target } from "../definition/value.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { frameAbove, ownerOf } from "./frames-above.ts";
import { type Loaded, MissingValues } from "./needs.ts";
import { sizeOf } from "./size.ts";
import { type Items, StageOutputs } from "./stage-outputs.ts";
import { bodyPath, type Instance, instanceKey, type Run } from "./state.ts";
import { isPosition, ValueReader } from "./value-reader.ts";

type Outputs = Record<string, unknown>;

/** A name of an expression that has no value. */
class NullName extends Error {}

export class Evaluator {
  readonly #run: Run;
  readonly #compiled: Compiled;
  readonly #loaded: Loaded;
  readonly #reader: ValueReader;
  readonly #outputs: StageOutputs;

  constructor(run: Run, compiled: Compiled, loaded: Loaded) {
    this.#run = run;
    this.#compiled = compiled;
    this.#loaded = loaded;
    this.#reader = new ValueReader(loaded);
    const evaluate = (value: ReadyValue, path: string) => this.#value(value, path);
    this.#outputs = new StageOutputs(run, compiled, this.#reader, evaluate);
  }

  /** @throws MissingValues; DspexError `invalid_inputs`, `gone`, `payload_too_large` */
  value(value: ReadyValue, path: string): unknown {
    return bounded(this.#whole(() => this.#value(value, path)));
  }

  values(values: ReadyValues, path: string): Outputs {
    return bounded(
      this.#whole(() => Object.fromEntries(values.map(([name, value]) => [name, this.#value(value, path)]))),
    );
  }

  /** An expression that is true or false; nothing where it names what is not there. */
  condition(expression: ReadyExpression, path: string): boolean {
    return this.#whole(() => {
      const value = this.#expression(expression, path);
      if (value === null) return false;
      if (typeof value === "boolean") return value;
      // What is missing may stand for anything: what it is, shows when it is there.
      if (this.#reader.lacks) return false;
      throw new DspexError("invalid_inputs", `${expression.expression.text} is neither true nor false`);
    });
  }

  /** What a map is over, wherever it lies; anything else as it is. */
  items(value: ReadyValue, path: string): Items | { notItems: unknown } {
    return this.#whole(() => this.#items(value, path));
  }

  /** All outputs of a stage with bodies, or undefined when something would have to be read for them. */
  outputsIfAtHand(instance: Instance): Outputs | undefined {
    const one = stageAt(this.#compiled, instance.stage);
    const names = outputNames(this.#compiled, one, instance.fallback === "stage");
    // What is found of the instance as it will be is found by another one, which knows nothing yet.
    const other = new Evaluator(this.#run, this.#compiled, this.#loaded);
    try {
      return other.#whole(() =>
        Object.fromEntries(names.map((name) => [name, other.#outputs.output(instance, name)])),
      );
    } catch (error) {
      if (error instanceof MissingValues) return undefined;
      throw error;
    }
  }

  #whole<T>(evaluate: () => T): T {
    let result: T;
    try {
      result = evaluate();
    } catch (error) {
      // What failed may have failed for want of what has to be read.
      if (!this.#reader.lacks) throw error;
      result = undefined as T;
    }
    if (!this.#reader.lacks) return result;
    this.#outputs.forget();
    throw this.#reader.takeMissing();
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

  #expression({ expression, names }: ReadyExpression, path: string): unknown {
    try {
      return evaluateExpression(expression, (name) => {
        const target = names.get(name);
        const value = target === undefined ? null : this.#reader.expand(this.#target(target, path));
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
        return this.#reader.at(this.#inputs()?.[target.field], target.path);
      case "item": {
        const frame = frameAbove(this.#run, path, target.up);
        const items = this.#itemsAround(frame.parent ?? "", ownerOf(this.#compiled, frame));
        const item = "at" in items ? items.at(frame.place as number) : null;
        return this.#reader.at(item, target.path);
      }
      case "index":
      case "iteration":
        return frameAbove(this.#run, path, target.up).place;
      case "loop":
        return this.#reader.at(this.#loopField(path, target), target.path);
      case "stage":
        return this.#stage(target, path);
      default:
        return target satisfies never;
    }
  }

  #stage({ up, stage, field, path: inner }: Extract<Target, { kind: "stage" }>, path: string): unknown {
    const frame = frameAbove(this.#run, path, up);
    const instance = this.#run.instances.get(instanceKey(frame.path, stage));
    if (instance === undefined) return null;
    const [position, ...rest] = inner;
    if (isPosition(position)) {
      // One of many need not have all of them read.
      const items = this.#itemsOf(instance, field);
      if (items !== undefined && "at" in items) return this.#reader.at(items.at(Number(position)), rest);
    }
    return this.#reader.at(this.#outputs.output(instance, field), inner);
  }

  #items(value: ReadyValue, path: string): Items | { notItems: unknown } {
    if (value.kind === "reference" && value.target.kind === "stage" && value.target.path.length === 0) {
      const { up, stage, field } = value.target;
      const frame = frameAbove(this.#run, path, up);
      const instance = this.#run.instances.get(instanceKey(frame.path, stage));
      const items = instance && this.#itemsOf(instance, field);
      if (items !== undefined) return items;
    }
    const list = this.#reader.expand(this.#value(value, path));
    return Array.isArray(list) ? { length: list.length, at: (n) => list[n] ?? null } : { notItems: list };
  }

  #itemsOf(instance: Instance, field: string): Items | { notItems: unknown } | undefined {
    const items = this.#outputs.items(instance, field);
    return items !== undefined && "value" in items ? this.#items(items.value, items.path) : items;
  }

  #itemsAround(path: string, owner: CompiledStage): Items | { notItems: unknown } {
    const key = `${instanceKey(path, owner.index)} over`;
    return this.#outputs.once(key, () => this.#items(owner.subject as ReadyValue, path));
  }

  #inputs(): Outputs | undefined {
    const { inputs, startedSequence } = this.#run;
    return inputs ?? (this.#reader.read({ sequence: startedSequence }) as Outputs | undefined);
  }

  /** Within the body what the iteration before gave; where it is asked whether there is another one, what this one gave. */
  #loopField(path: string, { up, field, after }: Extract<Target, { kind: "loop" }>): unknown {
    const frame = frameAbove(this.#run, path, up);
    const owner = ownerOf(this.#compiled, frame);
    const { parent = "" } = frame;
    const iteration = frame.place as number;
    if (after === true) return this.#outputs.graphOutput(frame, field);
    const key = instanceKey(parent, owner.index);
    if (iteration === 0)
      return this.#outputs.once(`${key} initial.${field}`, () =>
        this.#outputs.named(owner.values, field, parent),
      );
    const instance = this.#run.instances.get(key);
    if (instance === undefined) return null;
    const before = this.#run.frames.get(bodyPath(instance, owner.stage.name, iteration - 1));
    return before === undefined ? null : this.#outputs.graphOutput(before, field);
  }
}

/** A list of a list of a list is short to write and may be without end to send. */
function bounded<Value>(value: Value): Value {
  const { valueBytes } = RUN_BOUNDS;
  if (sizeOf(value, valueBytes) <= valueBytes) return value;
  throw new DspexError("payload_too_large", `a value of more than ${valueBytes / 1_048_576} MiB`);
}

/** Names of what a stage with bodies, a value, or what stood in for a stage gives. */
function outputNames(compiled: Compiled, one: CompiledStage, isFallback: boolean): readonly string[] {
  if (isFallback && one.fallback !== undefined)
    return graphAt(compiled, one.fallback).outputs.map(([name]) => name);
  if (one.stage.kind === "value") return one.values.map(([name]) => name);
  const names = new Set<string>();
  for (const body of one.bodies) for (const [name] of graphAt(compiled, body).outputs) names.add(name);
  return [...names];
}
