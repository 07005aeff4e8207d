// Writes what follows from `schemas/`: JSON Schema for every message, and the same for Python. With `--check` it
// writes nothing and exits 1 when a file on disk is not what it would write.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { collect } from "./generate-schemas/collect.ts";
import { languageTable } from "./generate-schemas/language-table.ts";
import { errorCodes, headerNames, limitValues } from "./generate-schemas/python-constants.ts";
import { pythonModels } from "./generate-schemas/python-models.ts";

const ROOT = join(import.meta.dirname, "..");
const JSON_SCHEMA_DIR = join("schemas", "generated", "json-schema");
const PYTHON_DIR = join("python-pools", "dspex");

/** Text of every generated file by its path from the root. */
export async function generate(): Promise<Map<string, string>> {
  const { schemas, events } = await collect(join(ROOT, "schemas"));
  const files = new Map<string, string>();
  for (const { file, fileName, json } of schemas) {
    // Pieces of messages are in the `$defs` of those that use them.
    if (file === "parts") continue;
    files.set(join(JSON_SCHEMA_DIR, `${fileName}.json`), `${JSON.stringify(json, null, 2)}\n`);
  }
  const messages = schemas.filter(({ folder }) => folder !== "config");
  const config = schemas.filter(({ folder }) => folder === "config");
  const python = {
    "messages.py": pythonModels(
      { about: "The messages of the contract.", schemas: messages, events },
      schemas,
    ),
    "config.py": pythonModels(
      { about: "Configuration that pools are given.", schemas: config, events: [] },
      schemas,
    ),
    "error_codes.py": errorCodes(),
    "headers.py": headerNames(),
    "limits.py": limitValues(),
    [join("validators", "languages.txt")]: await languageTable(),
  };
  for (const [name, text] of Object.entries(python)) files.set(join(PYTHON_DIR, name), text);
  return files;
}

function onDisk(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return undefined;
  }
}

/** Paths whose file differs from `files`, is missing, or is left over from a schema that is gone. */
export function stale(files: ReadonlyMap<string, string>): string[] {
  const changed = [...files].filter(([path, text]) => onDisk(path) !== text).map(([path]) => path);
  const leftOver = readdirSync(join(ROOT, JSON_SCHEMA_DIR))
    .map((name) => join(JSON_SCHEMA_DIR, name))
    .filter((path) => !files.has(path));
  return [...changed, ...leftOver];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const files = await generate();
  mkdirSync(join(ROOT, JSON_SCHEMA_DIR), { recursive: true });
  const paths = stale(files);
  for (const path of paths) {
    const text = files.get(path);
    if (values.check) console.error(`stale: ${relative(ROOT, join(ROOT, path))}`);
    else if (text === undefined) rmSync(join(ROOT, path));
    else {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text);
    }
  }
  if (values.check && paths.length > 0) {
    console.error("run `node scripts/generate-schemas.ts`");
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
