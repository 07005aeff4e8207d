// The keywords of JSON Schema that tell about lists and objects, and what is in them.

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { compilePattern } from "./pattern.ts";
import { type CompileSub, misfit, type SchemaObject, sizeOf } from "./schema-object.ts";
import { canonicalOf, fitsQuietly, report, type SchemaCheck, type SchemaRun } from "./schema-run.ts";
import { memberPath, quoted } from "./verdict.ts";

type ListCheck = (list: readonly unknown[], path: string, run: SchemaRun) => boolean;
type ObjectCheck = (object: Readonly<Record<string, unknown>>, path: string, run: SchemaRun) => boolean;

export function listChecks(schema: SchemaObject, where: string, compile: CompileSub): SchemaCheck[] {
  const checks: ListCheck[] = [];
  const { prefixItems = [], items, contains } = schema;
  if (!Array.isArray(prefixItems)) throw misfit("prefixItems is a list of schemas", where);
  const first = prefixItems.map((sub, at) => compile(sub, `${where}/prefixItems/${at}`));
  const rest = items === undefined ? undefined : compile(items, `${where}/items`);
  if (first.length > 0 || rest !== undefined)
    checks.push((list, path, run) => {
      let fits = true;
      for (let at = 0; at < list.length; at++) {
        const check = first[at] ?? rest;
        if (check === undefined) break;
        if (check(list[at], `${path}[${at}]`, run)) continue;
        fits = false;
        if (run.problems === undefined) break;
      }
      return fits;
    });
  const min = sizeOf(schema, "minItems", where);
  const max = sizeOf(schema, "maxItems", where);
  if (min !== undefined)
    checks.push(
      (list, path, run) =>
        list.length >= min || report(run, path, `expected at least ${min} items, got ${list.length}`),
    );
  if (max !== undefined)
    checks.push(
      (list, path, run) =>
        list.length <= max || report(run, path, `expected at most ${max} items, got ${list.length}`),
    );
  if (schema.uniqueItems === true)
    checks.push(
      (list, path, run) =>
        new Set(list.map((item) => canonicalOf(item, run))).size === list.length ||
        report(run, path, "expected no item twice"),
    );
  if (contains !== undefined) checks.push(containing(schema, where, compile(contains, `${where}/contains`)));
  return checks.map((check) => (value, path, run) => !Array.isArray(value) || check(value, path, run));
}

function containing(schema: SchemaObject, where: string, contained: SchemaCheck): ListCheck {
  const least = sizeOf(schema, "minContains", where) ?? 1;
  const most = sizeOf(schema, "maxContains", where) ?? Number.POSITIVE_INFINITY;
  return (list, path, run) => {
    const count = list.filter((item) => fitsQuietly(contained, item, run)).length;
    if (count >= least && count <= most) return true;
    const wanted = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
    return report(run, path, `${count} items fit contains, expected ${wanted}`);
  };
}

export function objectChecks(schema: SchemaObject, where: string, compile: CompileSub): SchemaCheck[] {
  const checks: ObjectCheck[] = [];
  const { required = [], propertyNames, dependentRequired = {} } = schema;
  if (!isNames(required)) throw misfit("required is a list of names", where);
  if (required.length > 0) checks.push((object, path, run) => hasAll(object, required, path, run));
  checks.push(members(schema, where, compile));
  const min = sizeOf(schema, "minProperties", where);
  const max = sizeOf(schema, "maxProperties", where);
  if (min !== undefined)
    checks.push(
      (object, path, run) =>
        Object.keys(object).length >= min || report(run, path, `expected at least ${min} members`),
    );
  if (max !== undefined)
    checks.push(
      (object, path, run) =>
        Object.keys(object).length <= max || report(run, path, `expected at most ${max} members`),
    );
  if (propertyNames !== undefined) {
    const check = compile(propertyNames, `${where}/propertyNames`);
    checks.push((object, path, run) => {
      const wrong = Object.keys(object).find((key) => !fitsQuietly(check, key, run));
      return wrong === undefined || report(run, path, `${quoted(wrong)} is no name that it may have`);
    });
  }
  for (const [name, others] of Object.entries(dependentRequired as object)) {
    if (!isNames(others)) throw misfit("dependentRequired has lists of names", where);
    checks.push((object, path, run) => !Object.hasOwn(object, name) || hasAll(object, others, path, run));
  }
  return checks.map((check) => (value, path, run) => !isPlainObject(value) || check(value, path, run));
}

/** `properties`, `patternProperties`, and `additionalProperties` of what neither names. */
function members(schema: SchemaObject, where: string, compile: CompileSub): ObjectCheck {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema;
  if (!isPlainObject(properties)) throw misfit("properties is an object of schemas", where);
  if (!isPlainObject(patternProperties)) throw misfit("patternProperties is an object of schemas", where);
  const named = new Map(
    Object.entries(properties).map(([name, sub]) => [name, compile(sub, `${where}/properties/${name}`)]),
  );
  const patterned = Object.entries(patternProperties).map(([pattern, sub]) => ({
    regex: compilePattern(pattern),
    check: compile(sub, `${where}/patternProperties/${pattern}`),
  }));
  const isClosed = additionalProperties === false;
  const others =
    additionalProperties === undefined || isClosed
      ? undefined
      : compile(additionalProperties, `${where}/additionalProperties`);
  if (named.size === 0 && patterned.length === 0 && others === undefined && !isClosed) return () => true;
  return (object, path, run) => {
    let fits = true;
    for (const key of Object.keys(object)) {
      const inner = memberPath(path, key);
      const own = named.get(key);
      const matching = patterned.filter(({ regex }) => regex.test(key)).map(({ check }) => check);
      const checks = own === undefined ? matching : [own, ...matching];
      if (checks.length === 0) {
        if (isClosed) fits = report(run, path, `${quoted(key)} is not allowed`);
        else if (others !== undefined) checks.push(others);
      }
      for (const check of checks) if (!check(object[key], inner, run)) fits = false;
      if (!fits && run.problems === undefined) return false;
    }
    return fits;
  };
}

function hasAll(
  object: Readonly<Record<string, unknown>>,
  names: readonly string[],
  path: string,
  run: SchemaRun,
): boolean {
  const missing = names.filter((name) => !Object.hasOwn(object, name));
  for (const name of missing) report(run, path, `${quoted(name)} is missing`);
  return missing.length === 0;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
