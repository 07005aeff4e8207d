// The words of a pipeline: each adds one stage and gives references to what it will have. The order in which they are
// written says nothing; who refers to whom does.

import type {
  PipelineGraph,
  PipelineKinds,
  PipelineStage,
  PipelineStageKind,
} from "../../../schemas/messages/pipeline-definition.ts";
import { type OutputsOf, parseSignature } from "../../../schemas/signature/mod.ts";
import { token } from "../../../schemas/subjects.ts";
import {
  type Body,
  type Contended,
  type Contender,
  type Covers,
  commonFields,
  type LoopOptions,
  type MapOptions,
  type Mapped,
} from "./bodies.ts";
import { type Condition, conditionOf } from "./expression.ts";
import {
  type AnyFields,
  type Given,
  type GivenFields,
  type StoredFields,
  storedFields,
  storedValue,
  type ValuesOf,
} from "./given.ts";
import type { Callable } from "./program-type.ts";
import {
  checkVisible,
  type Outputs,
  outputsOf,
  type Ref,
  reference,
  type Scope,
  type Source,
} from "./reference.ts";
import { StageNames } from "./stage-names.ts";
import {
  type AnyStageOptions,
  type Approval,
  type CallOptions,
  type Reached,
  requestOptions,
  type StageOptions,
  storedOptions,
} from "./stage-options.ts";

export class GraphBuilder {
  readonly #scope: Scope;
  readonly #names: StageNames;
  readonly #stages: PipelineStage[] = [];

  constructor(scope: Scope, around?: StageNames) {
    this.#scope = scope;
    this.#names = new StageNames(around);
  }

  /** Calls a program. */
  call<In, Out, Options extends CallOptions<Out>>(
    name: string,
    program: Callable<In, Out>,
    inputs: GivenFields<NoInfer<In>>,
    options?: Options,
  ): Outputs<Reached<Out, Options>> {
    return this.#add(
      name,
      "call",
      options,
      program.ast?.outputs.map((field) => field.name),
      () => ({
        program: program.name,
        inputs: this.#fields(inputs as AnyFields, `${name}.inputs`),
        ...requestOptions(options ?? {}),
      }),
    );
  }

  /** Runs another pipeline, as a run of its own. */
  pipeline<In, Out, Options extends StageOptions<Out> & { version?: string }>(
    name: string,
    child: Callable<In, Out>,
    inputs: GivenFields<NoInfer<In>>,
    options?: Options,
  ): Outputs<Reached<Out, Options>> {
    return this.#add(
      name,
      "pipeline",
      options,
      child.ast?.outputs.map((field) => field.name),
      () => ({
        pipeline: child.name,
        ...(options?.version !== undefined && { version: options.version }),
        inputs: this.#fields(inputs as AnyFields, `${name}.inputs`),
      }),
    );
  }

  /** Does the same with each item of a list; its outputs are lists in the items' order. */
  map<Item, Fields extends AnyFields, Options extends MapOptions<ValuesOf<Fields>>>(
    name: string,
    over: Source<readonly Item[]> | readonly Given<Item>[],
    body: (item: Ref<Item>, q: GraphBuilder, index: Ref<number>) => Fields,
    options?: Options,
  ): Outputs<Reached<Mapped<ValuesOf<Fields>, Options>, Options>> {
    const graph = this.#inner(name, (q, scope) =>
      body(reference("item", scope), q, reference("index", scope)),
    );
    return this.#add(name, "map", options, Object.keys(graph.outputs), () => ({
      over: storedValue(over, this.#scope, `${name}.over`),
      body: graph,
      ...(options?.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(options?.onItemFailure !== undefined && { onItemFailure: options.onItemFailure }),
    }));
  }

  /** Goes one of two ways. */
  when<
    Then extends AnyFields,
    Otherwise extends AnyFields,
    Options extends StageOptions<ValuesOf<Then | Otherwise>>,
  >(
    name: string,
    condition: Condition,
    then: Body<Then>,
    otherwise: Body<Otherwise>,
    options?: Options,
  ): Outputs<Reached<ValuesOf<Then | Otherwise>, Options>> {
    const bodies = [this.#inner(name, then), this.#inner(name, otherwise)] as const;
    return this.#add(name, "switch", options, commonFields(bodies), () => ({
      on: storedValue(condition, this.#scope, `${name}.on`),
      cases: [{ equals: true, body: bodies[0] }],
      otherwise: bodies[1],
    }));
  }

  /** Goes the way that a text names. What is given by all the ways is what the stage gives. */
  switch<
    T extends string,
    Ways extends { readonly [Case in keyof Ways]: AnyFields },
    Otherwise extends AnyFields = Ways[keyof Ways],
  >(
    name: string,
    on: Source<T> & Covers<Exclude<keyof Ways, T>>,
    cases: { readonly [Case in keyof Ways]: Body<Ways[Case]> },
    otherwise?: Body<Otherwise>,
    options: StageOptions<ValuesOf<Ways[keyof Ways] | Otherwise>> = {},
  ): Outputs<ValuesOf<Ways[keyof Ways] | Otherwise>> {
    const bodies = Object.entries(cases as Record<string, Body>).map(
      ([equals, body]) => ({ equals, body: this.#inner(name, body) }) as const,
    );
    const last = otherwise === undefined ? undefined : this.#inner(name, otherwise);
    const graphs = [...bodies.map(({ body }) => body), ...(last === undefined ? [] : [last])];
    return this.#add(name, "switch", options, commonFields(graphs), () => ({
      on: storedValue(on, this.#scope, `${name}.on`),
      cases: bodies,
      ...(last !== undefined && { otherwise: last }),
    }));
  }

  /** Repeats: the first round gets `initial`, each next one what the round before gave. */
  loop<
    Initial extends AnyFields,
    Fields extends GivenFields<ValuesOf<Initial>>,
    Options extends LoopOptions<ValuesOf<Fields>>,
  >(
    name: string,
    initial: Initial,
    body: (loop: Outputs<ValuesOf<Initial>> & { readonly iteration: Ref<number> }, q: GraphBuilder) => Fields,
    options: Options & LoopOptions<ValuesOf<Fields>>,
  ): Outputs<Reached<ValuesOf<Fields>, Options>> {
    const loopOf = <State>(scope: Scope) => outputsOf<State>("loop", scope, undefined);
    let inside: Scope | undefined;
    const graph = this.#inner(name, (q, scope) => {
      inside = scope;
      return body(loopOf<ValuesOf<Initial>>(scope) as never, q) as AnyFields;
    });
    return this.#add(name, "loop", options, Object.keys(graph.outputs), () => {
      const scope = inside ?? this.#scope;
      const until = conditionOf(options.until(loopOf(scope)));
      for (const used of until.uses) checkVisible(used, scope);
      // What the first round does not get is null for it.
      const given = Object.fromEntries(Object.keys(graph.outputs).map((field) => [field, null]));
      return {
        initial: { ...given, ...this.#fields(initial, `${name}.initial`) },
        body: graph,
        until: until.text,
        max: options.max,
      };
    });
  }

  /** Starts several ways, one later than the other where they say so; the first that succeeds counts. */
  race<Ways extends { readonly [way: string]: Contender }>(
    name: string,
    ways: Ways,
    options: StageOptions<ValuesOf<Contended<Ways[keyof Ways]>>> = {},
  ): Outputs<ValuesOf<Contended<Ways[keyof Ways]>>> {
    const bodies = Object.entries(ways as Record<string, Contender>).map(([way, contender]) => {
      const isPlain = typeof contender === "function";
      return {
        name: way,
        ...(!isPlain && { afterMs: contender.afterMs }),
        body: this.#inner(name, isPlain ? contender : contender.body),
      };
    });
    return this.#add(name, "race", options, commonFields(bodies.map(({ body }) => body)), () => ({ bodies }));
  }

  /** Waits. Put it into another stage's `after`. */
  delay(
    name: string,
    ms: Given<number>,
    options: StageOptions<Record<never, never>> = {},
  ): Outputs<Record<never, never>> {
    return this.#add(name, "delay", options, [], () => ({ ms: storedValue(ms, this.#scope, `${name}.ms`) }));
  }

  /**
   * Waits for word from outside, `run.signal(name, data)`. `fields` are what the data has, as a signature writes them:
   * `"approved: bool, note: str"`.
   */
  signal<
    const Text extends string,
    Options extends StageOptions<OutputsOf<`signal_ -> ${Text}`>> & { signal?: string },
  >(
    name: string,
    fields: Text,
    options?: Options,
  ): Outputs<Reached<OutputsOf<`signal_ -> ${Text}`>, Options>> {
    const { outputs } = parseSignature(`signal_ -> ${fields}`);
    return this.#add(
      name,
      "signal",
      options,
      outputs.map((field) => field.name),
      () => ({
        signal: token(options?.signal ?? name, "signal"),
        fields: outputs as unknown as Record<string, unknown>[],
      }),
    );
  }

  /** Waits for a person: `run.approve(name, …)`, or `dspex pipeline approve`. */
  approval<Options extends StageOptions<Approval> & { signal?: string }>(
    name: string,
    options?: Options,
  ): Outputs<Reached<Approval, Options>> {
    return this.#add(name, "signal", options, ["approved", "note"], () => ({
      signal: token(options?.signal ?? name, "signal"),
      approval: true,
    }));
  }

  /** Gives a name to values that are put together or computed from others. */
  value<Fields extends AnyFields, Options extends StageOptions<ValuesOf<Fields>>>(
    name: string,
    outputs: Fields,
    options?: Options,
  ): Outputs<Reached<ValuesOf<Fields>, Options>> {
    return this.#add(name, "value", options, Object.keys(outputs), () => ({
      outputs: this.#fields(outputs, `${name}.outputs`),
    }));
  }

  /** The stages so far, with what the graph gives. */
  finish(outputs: AnyFields, what: string): PipelineGraph {
    return { stages: this.#stages, outputs: this.#fields(outputs, what) };
  }

  #add<Out, Kind extends PipelineStageKind>(
    name: string,
    kind: Kind,
    options: AnyStageOptions | undefined,
    fields: readonly string[] | undefined,
    build: () => PipelineKinds[Kind],
  ): Outputs<Out> {
    this.#names.claim(name);
    const scope = this.#scope;
    const graph = (of: string, body: Body) => this.#inner(of, body);
    const common = storedOptions(options ?? {}, { name, scope, graph, fields });
    this.#stages.push({ name, kind, ...build(), ...common } as unknown as PipelineStage);
    return outputsOf<Out>(name, scope, fields);
  }

  #inner(of: string, build: (q: GraphBuilder, scope: Scope) => AnyFields): PipelineGraph {
    const scope: Scope = { within: this.#scope, of };
    const graph = new GraphBuilder(scope, this.#names);
    return graph.finish(build(graph, scope), `${of}.outputs`);
  }

  #fields(fields: AnyFields, what: string): StoredFields {
    return storedFields(fields, this.#scope, what);
  }
}
