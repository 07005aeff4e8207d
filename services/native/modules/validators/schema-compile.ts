// A JSON Schema compiled to closures. Understood is what of 2020-12 tells about single values; a keyword that is not known
// is refused, because a misspelt one would check nothing.
//
//   any value      type enum const $ref allOf anyOf oneOf not if then else
//   numbers        minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
//   texts          minLength maxLength (characters) pattern (RE2's) format (FORMATS of schema-scalars.ts; others say nothing)
//   lists          items prefixItems minItems maxItems uniqueItems contains minContains maxContains
//   objects        properties required additionalProperties patternProperties propertyNames minProperties maxProperties
//                  dependentRequired

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { listChecks, objectChecks } from "./schema-containers.ts";
import { type CompileSub, misfit, type SchemaObject } from "./schema-object.ts";
import { counted, fitsQuietly, report, type SchemaCheck } from "./schema-run.ts";
import { anyChecks, numberChecks, textChecks } from "./schema-scalars.ts";
import { quoted } from "./verdict.ts";

const NOTES = new Set(
  "$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly contentEncoding contentMediaType".split(
    " ",
  ),
);
const KEYWORDS = new Set(
  `type enum const $ref allOf anyOf oneOf not if then else minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
   minLength maxLength pattern format items prefixItems minItems maxItems uniqueItems contains minContains maxContains
   properties required additionalProperties patternProperties propertyNames minProperties maxProperties
   dependentRequired`.split(/\s+/),
);

/** @throws DspexError `invalid_inputs` that says where the schema is not understood. */
export function compileSchema(root: unknown): SchemaCheck {
  const byReference = new Map<string, { check: SchemaCheck }>();
  const compile: CompileSub = (schema, where) => {
    if (schema === true) return () => true;
    if (schema === false) return (_, path, run) => report(run, path, "nothing is allowed here");
    if (!isPlainObject(schema)) throw misfit("a schema is an object, true or false", where);
    const unknown = Object.keys(schema).find((key) => !KEYWORDS.has(key) && !NOTES.has(key));
    if (unknown !== undefined) throw misfit(`the keyword ${quoted(unknown)} is not known`, where);
    const checks = [
      ...references(schema, where, reference),
      ...anyChecks(schema, where),
      ...numberChecks(schema, where),
      ...textChecks(schema, where),
      ...listChecks(schema, where, compile),
      ...objectChecks(schema, where, compile),
      ...combinations(schema, where, compile),
    ];
    return counted((value, path, run) => {
      let fits = true;
      for (const check of checks) {
        if (check(value, path, run)) continue;
        fits = false;
        if (run.problems === undefined) break;
      }
      return fits;
    });
  };
  /** Compiled once, so that a schema may lead to itself. */
  const reference = (pointer: string, where: string): SchemaCheck => {
    let found = byReference.get(pointer);
    if (found === undefined) {
      found = { check: () => true };
      byReference.set(pointer, found);
      found.check = compile(schemaAt(root, pointer, where), pointer);
    }
    const kept = found;
    return (value, path, run) => kept.check(value, path, run);
  };
  return compile(root, "#");
}

function references(
  schema: SchemaObject,
  where: string,
  reference: (pointer: string, where: string) => SchemaCheck,
): SchemaCheck[] {
  const { $ref } = schema;
  if ($ref === undefined) return [];
  if (typeof $ref !== "string" || !/^#(?:\/|$)/.test($ref))
    throw misfit("$ref leads to a place in the same schema, such as #/$defs/name", where);
  // The check itself counts no step: a reference to itself must.
  return [counted(reference($ref, where))];
}

function schemaAt(root: unknown, pointer: string, where: string): unknown {
  let at = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const isThere = typeof at === "object" && at !== null && Object.hasOwn(at, key);
    if (!isThere) throw misfit(`there is no ${quoted(pointer)}, which $ref names`, where);
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function combinations(schema: SchemaObject, where: string, compile: CompileSub): SchemaCheck[] {
  const checks: SchemaCheck[] = [];
  const listed = (keyword: "allOf" | "anyOf" | "oneOf"): SchemaCheck[] | undefined => {
    const subs = schema[keyword];
    if (subs === undefined) return undefined;
    if (!Array.isArray(subs) || subs.length === 0) throw misfit(`${keyword} is a list of schemas`, where);
    return subs.map((sub, at) => compile(sub, `${where}/${keyword}/${at}`));
  };
  const every = listed("allOf");
  if (every !== undefined) checks.push(...every);
  const any = listed("anyOf");
  if (any !== undefined)
    checks.push((value, path, run) => {
      if (any.some((check) => fitsQuietly(check, value, run))) return true;
      return report(run, path, `fits none of the ${any.length} schemas of anyOf`);
    });
  const one = listed("oneOf");
  if (one !== undefined)
    checks.push((value, path, run) => {
      const count = one.filter((check) => fitsQuietly(check, value, run)).length;
      return (
        count === 1 || report(run, path, `fits ${count} of the ${one.length} schemas of oneOf, expected 1`)
      );
    });
  if (schema.not !== undefined) {
    const not = compile(schema.not, `${where}/not`);
    checks.push(
      (value, path, run) => !fitsQuietly(not, value, run) || report(run, path, "fits what it must not"),
    );
  }
  if (schema.if !== undefined) {
    const condition = compile(schema.if, `${where}/if`);
    const yes = schema.then === undefined ? undefined : compile(schema.then, `${where}/then`);
    const no = schema.else === undefined ? undefined : compile(schema.else, `${where}/else`);
    checks.push((value, path, run) => {
      const branch = fitsQuietly(condition, value, run) ? yes : no;
      return branch?.(value, path, run) ?? true;
    });
  }
  return checks;
}
