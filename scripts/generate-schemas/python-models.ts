// JSON Schema → msgspec structs: camelCase on the wire, snake_case in Python, frozen, unknown members ignored unless
// the schema is strict, unions by `kind` or `verb` as tagged structs. Emits what `ruff format` leaves as it is.

import { type EventType, type Exported, type JsonSchema, pascalCase } from "./collect.ts";
import { commentLines, docstring } from "./python-comments.ts";
import { dateTimePattern, pythonPattern } from "./python-pattern.ts";
import { pythonNumber, pythonString, snakeCase } from "./python-text.ts";

const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const WIDTH = 110;
/** Names that the hand-written `dspex/message.py` gives to all generated modules. */
const BASE_NAMES = ["Count", "Message", "PositiveInt", "SafeInt"];

/** Collects definitions in the order in which Python must see them: what is used before what uses it. */
class Module {
  readonly blocks: string[] = [];
  readonly #defs: ReadonlyMap<string, JsonSchema>;
  readonly #comments: ReadonlyMap<string, string | undefined>;
  readonly #done = new Set<string>();
  /** Name of each anonymous object by its JSON text: the same shape twice is one class. */
  readonly #anonymous = new Map<string, string>();
  usesDateTime = false;

  constructor(defs: ReadonlyMap<string, JsonSchema>, comments: ReadonlyMap<string, string | undefined>) {
    this.#defs = defs;
    this.#comments = comments;
  }

  define(name: string): void {
    if (this.#done.has(name)) return;
    this.#done.add(name);
    const schema = this.#defs.get(name);
    if (schema === undefined) throw new Error(`no schema is called ${name}`);
    this.#emit(name, schema, this.#comments.get(name));
  }

  #emit(name: string, schema: JsonSchema, comment: string | undefined): void {
    const variants = schema.oneOf ?? schema.anyOf;
    if (variants?.every((variant) => variant.properties !== undefined)) {
      const tag = tagOf(variants);
      if (tag === undefined) this.blocks.push(this.#untagged(name, variants, comment));
      else {
        const members = variants.map((variant) => this.#variant(name, variant, tag));
        this.blocks.push(union(name, members, comment));
      }
    } else if (schema.properties === undefined) {
      this.blocks.push(`${commentLines(comment)}${alias(name, this.type(schema, name))}`);
    } else this.blocks.push(this.#struct(name, schema, comment));
  }

  #struct(name: string, schema: JsonSchema, comment: string | undefined, tag?: [string, string]): string {
    const options = [
      "Message",
      "frozen=True",
      "kw_only=True",
      ...(schema.additionalProperties === false ? ["forbid_unknown_fields=True"] : []),
      ...(tag ? [`tag_field=${pythonString(tag[0])}`, `tag=${pythonString(tag[1])}`] : []),
    ];
    const fields = Object.entries(schema.properties ?? {})
      .filter(([member]) => member !== tag?.[0])
      .map(([member, type]) => this.#field(name, member, type, schema.required?.includes(member) ?? false));
    const body = [...docstring(comment), ...fields];
    const line = `class ${name}(${options.join(", ")}):`;
    const head = line.length <= WIDTH ? line : `class ${name}(\n    ${options.join(", ")}\n):`;
    return `${head}\n${body.length > 0 ? body.join("\n") : "    pass"}`;
  }

  #field(owner: string, member: string, schema: JsonSchema, required: boolean): string {
    const [attribute, rename] = snakeCase(member);
    const name = `${owner}${pascalCase(member.replace("$", ""))}`;
    const type = this.#named(name, this.type(schema, name));
    const given = rename === undefined ? [] : [`name=${pythonString(rename)}`];
    let annotation = type;
    if (schema.default !== undefined) {
      const value = schema.default;
      if (typeof value !== "object" || value === null) {
        const literal = scalar(value, type);
        if (given.length === 0) return `    ${attribute}: ${type} = ${literal}`;
        given.push(`default=${literal}`);
      } else given.push(`default_factory=${this.#factory(value, schema, type)}`);
    } else if (!required) {
      if (type !== "Any" && !type.endsWith(" | None")) annotation = `${type} | None`;
      if (given.length === 0) return `    ${attribute}: ${annotation} = None`;
      given.push("default=None");
    }
    return `    ${attribute}: ${annotation}${given.length > 0 ? ` = msgspec.field(${given.join(", ")})` : ""}`;
  }

  /** What makes a fresh default: the type itself where its own defaults say the same. */
  #factory(value: object, schema: JsonSchema, type: string): string {
    const shape = schema.$ref === undefined ? schema : this.#defs.get(schema.$ref.slice("#/$defs/".length));
    const given = Object.entries(value).filter(
      ([member, v]) => JSON.stringify(v) !== JSON.stringify(shape?.properties?.[member]?.default),
    );
    if (given.length === 0) return type;
    const members = given.map(([member, v]) => {
      if (typeof v === "object") throw new Error(`${type}.${member}: a default within a default`);
      return `${snakeCase(member)[0]}=${scalar(v, "")}`;
    });
    return `lambda: ${type}(${members.join(", ")})`;
  }

  /** A long annotation gets a name of its own. */
  #named(name: string, type: string): string {
    if (type.length <= 80) return type;
    this.blocks.push(alias(name, type));
    return name;
  }

  #variant(name: string, schema: JsonSchema, tag: string): string {
    const value = String(schema.properties?.[tag]?.const);
    const variantName = `${pascalCase(value)}${name}`;
    this.blocks.push(this.#struct(variantName, schema, undefined, [tag, value]));
    return variantName;
  }

  /** msgspec tells structs in a union apart by a tag only: without one it is a struct that holds one variant's members. */
  #untagged(name: string, variants: JsonSchema[], comment: string | undefined): string {
    const members = Object.assign({}, ...variants.map((variant) => variant.properties)) as Record<
      string,
      JsonSchema
    >;
    const choices = variants.map((variant) => variant.required?.map((member) => snakeCase(member)[0]) ?? []);
    if (choices.some((choice) => choice.length !== 1)) throw new Error(`${name}: a union needs a tag`);
    const names = choices.flat();
    const struct = this.#struct(
      name,
      { properties: members, additionalProperties: false },
      comment ?? `Exactly one of ${names.join(", ")}.`,
    );
    return [
      struct,
      "",
      "    def __post_init__(self) -> None:",
      `        if sum(value is not None for value in (${names.map((n) => `self.${n}`).join(", ")})) != 1:`,
      `            raise ValueError(${pythonString(`expected exactly one of ${names.join(", ")}`)})`,
    ].join("\n");
  }

  /** The Python type of a schema; anonymous objects become classes called `name`. */
  type(schema: JsonSchema, name: string): string {
    if (schema.$ref !== undefined) {
      const target = schema.$ref.slice("#/$defs/".length);
      this.define(target);
      return target;
    }
    if (schema.const !== undefined) return `Literal[${pythonString(String(schema.const))}]`;
    if (schema.enum !== undefined) return this.#enum(schema.enum);
    const variants = schema.anyOf ?? schema.oneOf;
    if (variants !== undefined && !variants.every((variant) => variant.properties !== undefined)) {
      return variants.map((variant) => this.type(variant, name)).join(" | ");
    }
    if (Array.isArray(schema.type)) {
      return schema.type.map((type) => this.type({ ...schema, type }, name)).join(" | ");
    }
    switch (schema.type) {
      case "string":
        return this.#string(schema);
      case "integer":
        return integer(schema);
      case "number":
        return annotated("float", bounds(schema));
      case "boolean":
        return "bool";
      case "null":
        return "None";
      case "array":
        return annotated(`list[${this.type(schema.items ?? {}, `${name}Item`)}]`, lengths(schema, "Items"));
      default:
        return this.#object(schema, name);
    }
  }

  #enum(values: string[]): string {
    if (values.includes("invalid_inputs")) return "ErrorCode";
    return `Literal[${values.map(pythonString).join(", ")}]`;
  }

  #string(schema: JsonSchema): string {
    if (schema.format === "date-time") {
      this.usesDateTime = true;
      return "DateTime";
    }
    const pattern = schema.pattern === undefined ? [] : [`pattern=${pythonPattern(schema.pattern)}`];
    return annotated("str", [...lengths(schema, "Length"), ...pattern]);
  }

  #object(schema: JsonSchema, name: string): string {
    if (schema.properties === undefined && schema.oneOf === undefined && schema.anyOf === undefined) {
      if (schema.type !== "object") return "Any";
      const values = this.type(schema.additionalProperties || {}, `${name}Item`);
      return `dict[${this.type({ type: "string", ...schema.propertyNames }, name)}, ${values}]`;
    }
    const { default: _, ...shape } = schema;
    const key = JSON.stringify(shape);
    const known = this.#anonymous.get(key);
    if (known !== undefined) return known;
    this.#anonymous.set(key, name);
    this.#emit(name, shape, undefined);
    return name;
  }
}

/** The member that has a different constant in each variant. */
function tagOf(variants: JsonSchema[]): string | undefined {
  return Object.keys(variants[0]?.properties ?? {}).find((member) =>
    variants.every((variant) => typeof variant.properties?.[member]?.const === "string"),
  );
}

function union(name: string, members: string[], comment: string | undefined): string {
  const line = `${name} = ${members.join(" | ")}`;
  const text = line.length <= WIDTH ? line : `${name} = (\n    ${members.join("\n    | ")}\n)`;
  return `${commentLines(comment)}${text}`;
}

function alias(name: string, type: string): string {
  const line = `${name} = ${type}`;
  return line.length <= WIDTH ? line : `${name} = ${brokenUp(type)}`;
}

/** A type that is longer than a line, as ruff breaks it: a union in brackets of its own, else at its own ones. */
function brokenUp(type: string): string {
  let depth = 0;
  for (const [at, letter] of [...type].entries()) {
    if (letter === "[") depth++;
    else if (letter === "]") depth--;
    if (depth === 0 && type.startsWith(" | ", at)) return `(\n    ${type}\n)`;
  }
  return type.replace(/^(Annotated|Literal)\[(.*)\]$/, (_, outer: string, inner: string) => {
    const isShort = 4 + inner.length <= WIDTH;
    const lines = isShort ? [inner] : argumentsIn(inner).map((argument) => `${argument},`);
    return `${outer}[\n${lines.map((line) => `    ${line}\n`).join("")}]`;
  });
}

/** What stands between the commas that are in no brackets and no text. */
function argumentsIn(text: string): string[] {
  const found = [""];
  let depth = 0;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|./g)) {
    if (part === "," && depth === 0) found.push("");
    else found[found.length - 1] += part;
    if (part === "(" || part === "[") depth++;
    if (part === ")" || part === "]") depth--;
  }
  return found.map((argument) => argument.trim());
}

function annotated(type: string, meta: string[]): string {
  return meta.length === 0 ? type : `Annotated[${type}, Meta(${meta.join(", ")})]`;
}

function bounds(schema: JsonSchema): string[] {
  const named = {
    ge: schema.minimum,
    gt: schema.exclusiveMinimum,
    le: schema.maximum,
    lt: schema.exclusiveMaximum,
  };
  return Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${pythonNumber(value)}`],
  );
}

/** zod's integers are JavaScript's safe ones; the three usual ranges have names. */
function integer(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (maximum !== MAX_SAFE) return annotated("int", bounds(schema));
  if (minimum === 0) return "Count";
  if (exclusiveMinimum === 0) return "PositiveInt";
  return minimum === -MAX_SAFE ? "SafeInt" : annotated("int", bounds(schema));
}

function lengths(schema: JsonSchema, what: "Items" | "Length"): string[] {
  const min = what === "Items" ? schema.minItems : schema.minLength;
  const max = what === "Items" ? schema.maxItems : schema.maxLength;
  return [
    ...(min === undefined ? [] : [`min_length=${pythonNumber(min)}`]),
    ...(max === undefined ? [] : [`max_length=${pythonNumber(max)}`]),
  ];
}

/** `type` = that of the attribute: a float's default is written as one. */
function scalar(value: unknown, type: string): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonString(value);
  const text = pythonNumber(Number(value));
  return type.includes("float") && Number.isInteger(value) ? `${text}.0` : text;
}

export interface PythonModule {
  /** First sentence of the module's docstring. */
  about: string;
  schemas: Exported[];
  events: EventType[];
}

/** Text of a Python module with a struct for each schema. */
export function pythonModels({ about, schemas, events }: PythonModule, all: Exported[]): string {
  const defs = new Map<string, JsonSchema>();
  for (const { name, json } of all) {
    const { $schema: _, title: __, $defs = {}, ...own } = json;
    for (const [id, def] of Object.entries({ ...$defs, [name]: own })) defs.set(id, def);
  }
  const module = new Module(defs, new Map(all.map(({ name, comment }) => [name, comment])));
  for (const { name } of schemas) module.define(name);
  const dateTime = module.usesDateTime ? [`DateTime = ${dateTimePattern()}`] : [];
  const body = [...dateTime, ...module.blocks, ...eventTable(events)].join("\n\n\n");
  return [
    `"""${about} Generated by scripts/generate-schemas.ts from schemas/: do not edit."""`,
    "from __future__ import annotations",
    `${imports(body).join("\n\n")}${body.startsWith("class ") ? "\n" : ""}`,
    `${body}\n`,
  ].join("\n\n");
}

function eventTable(events: EventType[]): string[] {
  if (events.length === 0) return [];
  const names = events.map((event) => `${event.constant} = ${pythonString(event.type)}`);
  const pairs = events.map((event) => `    ${event.constant}: ${event.schema},`);
  const about = "# The struct of an event's data, or the union of some, by the event's type.";
  return [`${names.join("\n")}\n\n${about}\nEVENT_DATA: dict[str, Any] = {\n${pairs.join("\n")}\n}`];
}

/** Only what is used: ruff has nothing to say about it. */
function imports(body: string): string[] {
  const used = (names: string[]) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(body)).join(", ");
  const typing = used(["Annotated", "Any", "Literal"]);
  return [
    ...(typing === "" ? [] : [`from typing import ${typing}`]),
    [...(body.includes("msgspec.field(") ? ["import msgspec"] : []), "from msgspec import Meta"].join("\n"),
    [
      ...(used(["ErrorCode"]) === "" ? [] : ["from dspex.error_codes import ErrorCode"]),
      `from dspex.message import ${used(BASE_NAMES)}`,
    ].join("\n"),
  ];
}
