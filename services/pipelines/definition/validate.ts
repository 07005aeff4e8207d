// Everything that can be wrong with a definition, at once and before anything runs: programs that there are not, inputs
// that are missing or superfluous, and references whose type does not fit. Pure.

import type { Field, Type } from "../../../schemas/signature/ast.ts";
import { compileCheck } from "../../../schemas/signature/check.ts";
import { describeType } from "../../../schemas/signature/describe.ts";
import { compile } from "./compile.ts";
import {
  type Compiled,
  type CompiledGraph,
  type CompiledStage,
  type DefinitionProblem,
  graphAt,
} from "./compiled.ts";
import type { Normalised } from "./normalise.ts";
import { namesText, type Problems, quoted } from "./problems.ts";
import { ANY, fitsInto } from "./type-fit.ts";
import { type Asking, type Signatures, Types } from "./types.ts";
import type { ReadyExpression, ReadyValue, ReadyValues } from "./value.ts";

export interface Validated {
  compiled: Compiled;
  problems: DefinitionProblem[];
}

export function validate({ definition, version }: Normalised, signatures: Signatures): Validated {
  const { compiled, problems } = compile(definition, version);
  // Beyond the bounds there is nothing to look at.
  if (compiled.graphs.length > 0) new Validator(compiled, signatures, problems).check();
  return { compiled, problems: problems.all };
}

class Validator {
  readonly #compiled: Compiled;
  readonly #signatures: Signatures;
  readonly #problems: Problems;
  readonly #types: Types;

  constructor(compiled: Compiled, signatures: Signatures, problems: Problems) {
    this.#compiled = compiled;
    this.#signatures = signatures;
    this.#problems = problems;
    this.#types = new Types(compiled, signatures, problems);
  }

  check(): void {
    const { stages, graphs, signature } = this.#compiled;
    for (const one of stages) this.#checkStage(one);
    const [root] = graphs;
    if (root === undefined) return;
    const asking = { graph: root, of: undefined, at: "outputs" };
    this.#checkFields(root.outputs, signature.outputs, asking, "output");
    for (const graph of graphs) {
      const of = graph.owner === undefined ? undefined : stages[graph.owner];
      for (const [name, value] of graph.outputs)
        this.#types.of(value, { graph, of, at: `${graph.at}outputs.${name}` });
    }
  }

  #checkStage(one: CompiledStage): void {
    const { stage, at } = one;
    const graph = graphAt(this.#compiled, one.graph);
    const asking = (where: string, inside = graph): Asking => ({
      graph: inside,
      of: one,
      at: `${at}.${where}`,
    });
    if (one.when !== undefined) this.#checkCondition(one.when, asking("when"));
    if (one.until !== undefined) {
      const body = graphAt(this.#compiled, one.bodies[0] as number);
      this.#checkCondition(one.until, asking("until", body));
    }
    if (stage.kind === "call" || stage.kind === "pipeline") {
      const signature = this.#types.signatureOf(one);
      if (signature !== undefined) this.#checkFields(one.values, signature.inputs, asking("inputs"), "input");
    } else for (const [name, value] of one.values) this.#types.of(value, asking(name));
    this.#checkSubject(one, asking);
    const { compensate } = stage;
    if (compensate !== undefined && one.undo !== undefined) {
      const signature = this.#signatures.program(compensate.program, undefined);
      if (typeof signature === "string") this.#problems.tell(one, `${at}.compensate.program`, signature);
      else this.#checkFields(one.undo, signature.inputs, asking("compensate.inputs"), "input");
    }
    this.#checkFallback(one, graph);
  }

  #checkSubject({ stage, subject }: CompiledStage, asking: (where: string) => Asking): void {
    if (subject === undefined) return;
    const [member, wanted]: [string, Type] =
      stage.kind === "map"
        ? ["over", { kind: "list", items: ANY }]
        : stage.kind === "delay"
          ? ["ms", { kind: "float" }]
          : ["on", ANY];
    this.#fit(subject, { kind: "optional", of: wanted } as Type, asking(member));
  }

  /** What stands in must give what the stage would have given. */
  #checkFallback(one: CompiledStage, graph: CompiledGraph): void {
    const outputs = this.#types.outputsOf(one);
    const instead = one.fallback === undefined ? undefined : graphAt(this.#compiled, one.fallback);
    const standIn = one.standIn ?? instead?.outputs;
    if (outputs === undefined || standIn === undefined) return;
    const at = instead === undefined ? `${one.at}.onFailure.value` : `${instead.at}outputs`;
    const given = new Map(standIn);
    for (const [name, type] of outputs) {
      const value = given.get(name);
      // A race's or switch's body may give more than is needed: what nobody gives, nobody misses.
      if (value === undefined)
        this.#problems.tell(one, at, `what stands in for "${one.stage.name}" gives no "${name}"`);
      else this.#fit(value, type, { graph: instead ?? graph, of: one, at: `${at}.${name}` });
    }
  }

  #checkFields(
    values: ReadyValues,
    fields: readonly Field[],
    { graph, of, at }: Asking,
    what: "input" | "output",
  ): void {
    const wanted = new Map(fields.map((field) => [field.name, field]));
    for (const [name, value] of values) {
      const field = wanted.get(name);
      if (field !== undefined) this.#fit(value, field.type, { graph, of, at: `${at}.${name}` });
      else
        this.#problems.tell(
          of,
          `${at}.${name}`,
          `no ${what} "${name}": there are ${namesText(wanted.keys())}`,
        );
    }
    const given = new Set(values.map(([name]) => name));
    for (const field of fields) {
      const isOptional = field.default !== undefined || field.type.kind === "optional";
      if (!given.has(field.name) && !isOptional)
        this.#problems.tell(of, at, `${what} "${field.name}" is missing (${describeType(field.type)})`);
    }
  }

  #fit(value: ReadyValue, type: Type, asking: Asking): void {
    const { of, at } = asking;
    if (value.kind === "constant") {
      if (type.kind === "optional" && value.value === null) return;
      if (!compileCheck(type, { references: true }).fits(value.value))
        this.#problems.tell(of, at, `expected ${describeType(type)}, got ${quoted(value.value)}`);
      return;
    }
    if (value.kind === "list" && type.kind === "list") {
      for (const [n, item] of value.items.entries())
        this.#fit(item, type.items, { ...asking, at: `${at}[${n}]` });
      return;
    }
    const from = this.#types.of(value, asking);
    // A stage that is skipped skips those that cannot do without it: that is no error.
    if (!fitsInto(from, type))
      this.#problems.tell(
        of,
        at,
        `expected ${describeType(type)}, got ${describeType(from)}${written(value)}`,
      );
  }

  #checkCondition(value: ReadyExpression, asking: Asking): void {
    const type = this.#types.of(value, asking);
    if (type.kind !== "bool" && type.kind !== "any")
      this.#problems.tell(
        asking.of,
        asking.at,
        `a condition is true or false, this is ${describeType(type)}`,
      );
  }
}

function written(value: ReadyValue): string {
  if (value.kind === "reference") return ` (${value.text})`;
  return value.kind === "expression" ? ` (${value.expression.text})` : "";
}
