// LiquidJS, cut down to what templates are for: values put in, told apart and repeated. No tag reads a file or a
// clock, keeps a counter, or holds text back; a value that is missing is an error, also one within null.

import {
  AssignTag,
  Context,
  defaultOperators,
  Liquid,
  RenderTag,
  type Template,
  toValueSync,
  type Value,
} from "liquidjs";
import { codePointCount } from "../text/characters.ts";
import { BoundedEmitter, Budget } from "./budget.ts";
import { plainValue, sizeOf } from "./engine-values.ts";
import { type Charge, templateFilters } from "./filters.ts";
import { operators } from "./operators.ts";
import { RenderProblem } from "./template-error.ts";
import { TEMPLATE_LIMITS, type TemplateLimits } from "./template-limits.ts";
import { escapeFor, type TemplateTarget, textOf } from "./template-text.ts";

const TAGS = new Set([
  "assign",
  "if",
  "unless",
  "case",
  "for",
  "break",
  "continue",
  "comment",
  "raw",
  "render",
  "#",
]);

type Limits = ConstructorParameters<typeof Context>[3];
type Options = ConstructorParameters<typeof Context>[1];

class StrictContext extends Context {
  readonly #depth: number;
  readonly #bound: Limits;

  constructor(values: object, options: Options, bound: Limits, depth = 0) {
    super(values, options, { sync: true }, bound);
    this.#depth = depth;
    this.#bound = bound;
  }

  /** For a partial, which sees only what it is given. */
  override spawn(values: object = {}): StrictContext {
    if (this.#depth >= TEMPLATE_LIMITS.depth)
      throw new RenderProblem(`partials nest more than ${TEMPLATE_LIMITS.depth} deep`);
    return new StrictContext(values, this.opts, this.#bound, this.#depth + 1);
  }

  override readProperty(object: unknown, key: unknown): unknown {
    if (object === null) return undefined;
    if (typeof object === "string") return key === "size" ? codePointCount(object) : undefined;
    return super.readProperty(object as never, key as never);
  }
}

/** An assignment is no condition: what is missing is an error here, too. */
class StrictAssign extends AssignTag {
  override *render(context: Context): Generator<unknown, void, unknown> {
    const { key, value } = this as unknown as { key: string; value: Value };
    const scope = context.bottom() as Record<string, unknown>;
    scope[key] = yield value.value(context, false);
  }
}

/** Errors within a partial tell which. */
class NamedPartial extends RenderTag {
  override *render(...given: Parameters<RenderTag["render"]>): Generator<unknown, void, unknown> {
    try {
      yield* super.render(...given) as Iterable<unknown>;
    } catch (error) {
      const { file } = this as unknown as { file: unknown };
      if (typeof file === "string" && error instanceof Error && !("partial" in error))
        Object.assign(error, { partial: file });
      throw error;
    }
  }
}

export function createEngine(target: TemplateTarget, partials: Readonly<Record<string, string>>): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // A condition may ask whether there is a value.
    lenientIf: true,
    dynamicPartials: true,
    templates: { ...partials },
    cache: true,
    parseLimit: TEMPLATE_LIMITS.source,
    operators: { ...defaultOperators, ...(operators() as typeof defaultOperators) },
    outputEscape: (value: unknown) => escapeFor(target, plainValue(value)),
  });
  for (const name of Object.keys(engine.tags)) if (!TAGS.has(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) delete engine.filters[name];
  for (const [name, filter] of Object.entries(templateFilters)) {
    engine.registerFilter(name, function (value: unknown, ...given: unknown[]) {
      const charge: Charge = (size) => this.context.memoryLimit.use(size);
      charge(1 + sizeOf(value));
      const made = filter(charge, plainValue(value), ...given.map(plainValue));
      charge(sizeOf(made));
      return made;
    });
  }
  engine.registerFilter("raw", { raw: true, handler: (value) => textOf(plainValue(value)) });
  engine.registerTag("assign", StrictAssign);
  engine.registerTag("render", NamedPartial);
  return engine;
}

/** Of a parsed template. @throws RenderProblem and the engine's errors. */
export function renderTemplates(
  engine: Liquid,
  templates: Template[],
  values: object,
  limits: TemplateLimits,
): string {
  const budget = new Budget(limits);
  const bound = {
    memoryLimit: { use: (size: number) => budget.work(Number(size) || 0), check: () => undefined },
    renderLimit: { use: () => undefined, check: (nowMs: number) => budget.step(nowMs) },
    liquid: engine,
  };
  const context = new StrictContext(values, engine.options, bound as unknown as Limits);
  const emitter = new BoundedEmitter(limits.output);
  toValueSync(engine.renderer.renderTemplates(templates, context, emitter));
  return emitter.buffer;
}
