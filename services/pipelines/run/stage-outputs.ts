// What stages and graphs of a run have given, wherever that lies: in its record, in the log, in the bodies within it. What
// follows from what has ended is found once. Pure.

import { type Compiled, graphAt, stageAt } from "../definition/compiled.ts";
import type { ReadyValue, ReadyValues } from "../definition/value.ts";
import { bodyPath, type Frame, type Instance, type Run } from "./state.ts";
import { own, type ValueReader } from "./value-reader.ts";

type Outputs = Record<string, unknown>;

/** The items of a list, found one by one: what the bodies of a map gave need not be there all at once. */
export interface Items {
  length: number;
  at(n: number): unknown;
}

/** Where the value of an output follows from: something that is to be evaluated in a frame. */
interface Source {
  value: ReadyValue;
  path: string;
}

export class StageOutputs {
  readonly #run: Run;
  readonly #compiled: Compiled;
  readonly #reader: ValueReader;
  readonly #evaluate: (value: ReadyValue, path: string) => unknown;
  readonly #known = new Map<string, unknown>();

  constructor(
    run: Run,
    compiled: Compiled,
    reader: ValueReader,
    evaluate: (value: ReadyValue, path: string) => unknown,
  ) {
    this.#run = run;
    this.#compiled = compiled;
    this.#reader = reader;
    this.#evaluate = evaluate;
  }

  /** What was found so far may be wrong: something was missing. */
  forget(): void {
    this.#known.clear();
  }

  /** Finds it the first time. */
  once<T>(key: string, find: () => T): T {
    const known = this.#known.get(key);
    if (known !== undefined) return known as T;
    const found = find();
    this.#known.set(key, found);
    return found;
  }

  /** What the stage gives under that name; null where it was skipped or has not ended well. */
  output(instance: Instance, field: string): unknown {
    const find = () => this.#find(instance, field) ?? null;
    if (instance.status !== "finished") return find();
    return this.once(`${instance.path}#${instance.stage}.${field}`, find);
  }

  /** The same as a list, where it is one of which the items can be found by themselves. */
  items(instance: Instance, field: string): Items | Source | undefined {
    const { status, outputs, sequence, fallback, items = 0 } = instance;
    if (status !== "finished") return undefined;
    if (outputs !== undefined || (sequence !== undefined && fallback === undefined)) return undefined;
    const { stage } = stageAt(this.#compiled, instance.stage);
    if (stage.kind === "map" && fallback === undefined)
      return { length: items, at: (n) => this.#bodyOutput(instance, stage.name, n, field) ?? null };
    return this.#sourceOf(instance, field);
  }

  graphOutput(frame: Frame, field: string): unknown {
    const find = () => this.named(graphAt(this.#compiled, frame.graph).outputs, field, frame.path);
    return frame.status === "done" ? this.once(`${frame.path}.${field}`, find) : find();
  }

  named(values: ReadyValues, field: string, path: string): unknown {
    const value = valueNamed(values, field);
    return value === undefined ? null : this.#evaluate(value, path);
  }

  #find(instance: Instance, field: string): unknown {
    const { status, outputs, sequence, fallback } = instance;
    if (status === "skipped" || status === "failed" || status === "cancelled" || status === "backoff")
      return null;
    if (outputs !== undefined) return own(outputs, field);
    if (sequence !== undefined && fallback === undefined)
      return own(this.#reader.read({ sequence }) as Outputs | undefined, field);
    const { stage } = stageAt(this.#compiled, instance.stage);
    if (stage.kind === "map" && fallback === undefined)
      return Array.from(
        { length: instance.items ?? 0 },
        (_, n) => this.#bodyOutput(instance, stage.name, n, field) ?? null,
      );
    const source = this.#sourceOf(instance, field);
    if (source === undefined) return null;
    const frame = source.path === instance.path ? undefined : this.#run.frames.get(source.path);
    return frame === undefined ? this.#evaluate(source.value, source.path) : this.graphOutput(frame, field);
  }

  /** Of a stage that gives what a value of it, or one of its bodies, gives. */
  #sourceOf(instance: Instance, field: string): Source | undefined {
    const { path, fallback, taken, entered } = instance;
    const one = stageAt(this.#compiled, instance.stage);
    const { stage } = one;
    const here = (values: ReadyValues): Source | undefined => {
      const value = valueNamed(values, field);
      return value && { value, path };
    };
    const inside = (place: number | "fallback"): Source | undefined => {
      const frame = this.#run.frames.get(bodyPath(instance, stage.name, place));
      if (frame?.status !== "done") return undefined;
      const value = valueNamed(graphAt(this.#compiled, frame.graph).outputs, field);
      return value && { value, path: frame.path };
    };
    if (fallback === "value") return here(one.standIn ?? []);
    if (fallback === "stage") return inside("fallback");
    switch (stage.kind) {
      case "loop":
        return inside(entered - 1);
      case "switch":
      case "race":
        return taken === undefined ? undefined : inside(taken);
      case "value":
        return here(one.values);
      case "map":
      case "call":
      case "pipeline":
      case "signal":
      case "delay":
        return undefined;
      default:
        return stage satisfies never;
    }
  }

  #bodyOutput(instance: Instance, name: string, place: number, field: string): unknown {
    const frame = this.#run.frames.get(bodyPath(instance, name, place));
    return frame?.status === "done" ? this.graphOutput(frame, field) : null;
  }
}

export function valueNamed(values: ReadyValues, field: string): ReadyValue | undefined {
  for (const [name, value] of values) if (name === field) return value;
  return undefined;
}
