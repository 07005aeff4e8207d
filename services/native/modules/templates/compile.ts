// Templates: compiled once, rendered often. Deterministic: the same template and values give the same text.

import type { Liquid, Template as Parsed } from "liquidjs";
import { canonicalJson } from "../../../../schemas/envelope/json.ts";
import { isJsonValue, isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import { Recent } from "../recent.ts";
import { createEngine, renderTemplates } from "./engine.ts";
import { templateError } from "./template-error.ts";
import { TEMPLATE_LIMITS, type TemplateLimits } from "./template-limits.ts";
import type { TemplateTarget } from "./template-text.ts";

export interface TemplateOptions {
  /** What the output is, which says how values are escaped; default `text`: not at all. */
  readonly target?: TemplateTarget | undefined;
  /** Templates that this one may `{% render "name" %}`. No other is ever read. */
  readonly partials?: Readonly<Record<string, string>> | undefined;
}

export interface Template<Values extends object = Record<string, unknown>> {
  readonly target: TemplateTarget;
  /** The values that it asks for by name, sorted. @throws DspexError where a partial that it names is none. */
  variables(): readonly string[];
  /** @throws DspexError `invalid_inputs` that names the value that is missing, and its line. */
  render(values: Values, limits?: Partial<TemplateLimits>): string;
}

interface Compiled {
  engine: Liquid;
  parsed: Parsed[];
}

const compiled = new Recent<string, Compiled>(TEMPLATE_LIMITS.cached);
const engines = new Map<TemplateTarget, Liquid>();

/** @throws DspexError `invalid_inputs` that says what is wrong with the template, and where. */
export function compileTemplate<Values extends object = Record<string, unknown>>(
  source: string,
  { target = "text", partials = {} }: TemplateOptions = {},
): Template<Values> {
  const { engine, parsed } = compiledOnce(source, target, partials);
  return {
    target,
    variables: () => {
      try {
        return engine.globalVariablesSync(parsed, { partials: true }).toSorted();
      } catch (error) {
        throw templateError(error);
      }
    },
    render: (values, limits) => {
      if (!isPlainObject(values) || !isJsonValue(values))
        throw new DspexError("invalid_inputs", "template: the values are no JSON object", { path: "values" });
      try {
        return renderTemplates(engine, parsed, values, { ...TEMPLATE_LIMITS, ...limits });
      } catch (error) {
        throw templateError(error);
      }
    },
  };
}

/** A template that is rendered once, or is cached anyway. */
export function renderTemplate(source: string, values: object, options?: TemplateOptions): string {
  return compileTemplate(source, options).render(values as Record<string, unknown>);
}

function compiledOnce(
  source: string,
  target: TemplateTarget,
  partials: Readonly<Record<string, string>>,
): Compiled {
  const names = Object.keys(partials);
  const size = names.reduce((sum, name) => sum + (partials[name]?.length ?? 0), source.length);
  if (size > TEMPLATE_LIMITS.source)
    throw new DspexError("invalid_inputs", `template: longer than ${TEMPLATE_LIMITS.source} characters`, {
      path: "template",
    });
  const make = () => compileNow(source, target, partials);
  if (size > TEMPLATE_LIMITS.cachedSource) return make();
  const key = names.length === 0 ? `${target} ${source}` : `${target} ${canonicalJson([source, partials])}`;
  return compiled.get(key, make);
}

function compileNow(
  source: string,
  target: TemplateTarget,
  partials: Readonly<Record<string, string>>,
): Compiled {
  try {
    const engine = Object.keys(partials).length === 0 ? plainEngine(target) : createEngine(target, partials);
    return { engine, parsed: engine.parse(source) };
  } catch (error) {
    throw templateError(error);
  }
}

function plainEngine(target: TemplateTarget): Liquid {
  const known = engines.get(target) ?? createEngine(target, {});
  engines.set(target, known);
  return known;
}
