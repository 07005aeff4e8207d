// Finds every zod schema that `schemas/` exports and turns it into JSON Schema with shared `$defs`. Nothing is listed
// by hand: a new message file is picked up by being there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  const?: unknown;
  enum?: string[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | false;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  default?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  [other: string]: unknown;
}

/** One exported `<name>Schema`. */
export interface Exported {
  /** `AttemptFailed` of `attemptFailedSchema`. */
  name: string;
  /** `messages`, `envelope` or `config`. */
  folder: string;
  /** File name without `.ts`. */
  file: string;
  /** `attempt-failed`: what its own files are called. */
  fileName: string;
  schema: z.ZodType;
  /** Text of the comment above it, if any. */
  comment: string | undefined;
  /** The schema with everything that it refers to in `$defs`. */
  json: JsonSchema;
}

/** The `type` of an event, with the schema of its data. */
export interface EventType {
  /** `ATTEMPT_FAILED_TYPE` */
  constant: string;
  type: string;
  schema: string;
}

export interface Collected {
  schemas: Exported[];
  events: EventType[];
}

const FOLDERS = ["messages", "envelope", "config"] as const;
/** `Error` is taken in both languages. */
const NAMES: Readonly<Record<string, string>> = { errorSchema: "WireError" };

export function pascalCase(name: string): string {
  return name.replaceAll(/(^|[-_])(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}

export function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])([A-Z])/g, "-$1").toLowerCase();
}

export function constantCase(name: string): string {
  return name
    .replaceAll(/(?<=[a-z0-9])([A-Z])/g, "_$1")
    .replaceAll("-", "_")
    .toUpperCase();
}

function nameOf(exportName: string): string {
  return NAMES[exportName] ?? pascalCase(exportName.slice(0, -"Schema".length));
}

function commentAbove(source: string, exportName: string): string | undefined {
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export const ${exportName}\\b`).exec(source);
  return found?.[1]
    ?.split("\n")
    .map((line) => line.replace(/^\s*\*?\s?/, ""))
    .join(" ")
    .trim();
}

/** zod writes a schema that has an id as a lone `$ref`: the file of `X` should say what `X` is. */
function jsonSchema(
  { name, schema }: Omit<Exported, "json">,
  names: z.core.$ZodRegistry<{ id: string }>,
): JsonSchema {
  const options = { io: "input", metadata: names } as Parameters<typeof z.toJSONSchema>[1];
  const { $schema, $ref, $defs = {}, ...rest } = z.toJSONSchema(schema, options) as JsonSchema;
  const root = $ref === undefined ? rest : $defs[name];
  // What holds itself needs its own definition, too.
  const holdsItself = JSON.stringify($defs).includes(`"#/$defs/${name}"`);
  const others = Object.fromEntries(Object.entries($defs).filter(([id]) => holdsItself || id !== name));
  return { $schema, title: name, ...root, ...(Object.keys(others).length > 0 && { $defs: others }) };
}

export async function collect(schemasDir: string): Promise<Collected> {
  const names = z.registry<{ id: string }>();
  const found: Omit<Exported, "json">[] = [];
  const events: EventType[] = [];
  for (const folder of FOLDERS) {
    const files = readdirSync(join(schemasDir, folder)).filter(
      (f) => f.endsWith(".ts") && !f.endsWith(".test.ts"),
    );
    for (const file of files.sort()) {
      const path = join(schemasDir, folder, file);
      const source = readFileSync(path, "utf8");
      const module = (await import(path)) as Record<string, unknown>;
      for (const [exportName, value] of Object.entries(module)) {
        if (value instanceof z.ZodType && exportName.endsWith("Schema")) {
          const name = nameOf(exportName);
          names.add(value, { id: name });
          const fileName = kebabCase(name);
          found.push({
            name,
            folder,
            file: file.slice(0, -3),
            fileName,
            comment: commentAbove(source, exportName),
            schema: value,
          });
        } else if (exportName.endsWith("_TYPE") && typeof value === "string") {
          events.push({
            constant: exportName,
            type: value,
            schema: pascalCase(exportName.slice(0, -5).toLowerCase()),
          });
        }
      }
      events.push(...eventFamilies(module));
    }
  }
  const schemas = found.map((exported) => ({ ...exported, json: jsonSchema(exported, names) }));
  return { schemas, events };
}

/** `X_EVENTS = { verb: { type, schema } }`, with the schema found among the same module's exports. */
function eventFamilies(module: Record<string, unknown>): EventType[] {
  const nameOfSchema = new Map(
    Object.entries(module)
      .filter(([, value]) => value instanceof z.ZodType)
      .map(([exportName, value]) => [value, nameOf(exportName)]),
  );
  return Object.entries(module)
    .filter(([exportName]) => exportName.endsWith("_EVENTS"))
    .flatMap(([exportName, family]) =>
      Object.entries(family as Record<string, { type: string; schema: unknown }>).map(([verb, event]) => ({
        constant: `${exportName.slice(0, -"EVENTS".length)}${constantCase(verb)}_TYPE`,
        type: event.type,
        schema: nameOfSchema.get(event.schema) ?? "",
      })),
    );
}
