// The documentation leads where it says, and every piece of code in it is held true by a test: it is a region of a file
// that is tested, is compiled here, fits its schema, or is run (tests/e2e/readme.test.ts).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { ZodType } from "zod";
import { readRequest } from "../../schemas/envelope/request-codec.ts";
import { collect } from "../../scripts/generate-schemas/collect.ts";
import { type DocBlock, docBlocks, ROOT, readPage, regionOf } from "../kit/doc-blocks.ts";
import { filesLike } from "./repository-files.ts";

const pages = filesLike(
  /^(README|AGENTS|docs\/.+|examples\/.+|services\/.+|observability\/.+|python-pools\/.+)\.md$|^[A-Z]+\.md$/,
);
/** Pages whose every block says how it is held true; the others have tests of their own. */
const marked = [
  "README.md",
  "docs/architecture.md",
  "docs/errors.md",
  "docs/getting-started.md",
  "docs/native-modules.md",
  "docs/operations.md",
  "docs/pipelines.md",
  "docs/sessions.md",
  "docs/streaming.md",
  "docs/variables.md",
  "docs/wire.md",
];
const blocks = marked.flatMap(docBlocks);

const BLOCKS = /^```[\s\S]*?^```/gm;

function withoutCode(text: string): string {
  return text.replaceAll(BLOCKS, "").replaceAll(/`[^`\n]*`/g, "");
}

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replaceAll(BLOCKS, "").matchAll(/^#+ (.+)$/gm)];
  return new Set(
    headings.map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("links - lead to files and headings that are there", () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [file = "", anchor] = target.split("#");
      const found = file === "" ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(ROOT, found))) return [`${path}: ${target}`];
      const isMissing = anchor !== undefined && !anchorsOf(readPage(found)).has(anchor);
      return isMissing ? [`${path}: ${target}: no such heading`] : [];
    }),
  );
  assert.deepEqual(broken, []);
});

test("docs/index.md - names every page", () => {
  const index = readPage("docs/index.md");
  const missing = pages
    .map(({ path }) => path)
    .filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== "docs/index.md")
    .filter((path) => !index.includes(`](${path.slice("docs/".length)})`));
  assert.deepEqual(missing, []);
});

test("docs/decisions - each is named in docs/index.md by its number", () => {
  const index = readPage("docs/index.md");
  const missing = filesLike(/^docs\/decisions\/\d{4}-[a-z0-9-]+\.md$/).filter(
    ({ path }) => !index.includes(`](${path.slice("docs/".length)})`),
  );
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  );
});

test("code - each block of the marked pages says how it is held true", () => {
  const silent = blocks.filter(({ marker }) => marker === "");
  const known =
    /^(run|run with nats|run for \d+ seconds|not run: .+|file \S+|compiles|region \S+ of \S+|message [\w -]+)$/;
  const unknown = blocks.filter(({ marker }) => marker !== "" && !known.test(marker));
  assert.deepEqual([...silent, ...unknown].map(place), []);
});

function place({ page, line, marker }: DocBlock): string {
  return `${page}:${line} ${marker}`;
}

for (const block of blocks) {
  const [, name = "", path = ""] = /^region (\S+) of (\S+)$/.exec(block.marker) ?? [];
  if (name === "") continue;
  test(`${block.page}:${block.line} - shows region ${name} of ${path}`, () =>
    assert.equal(block.text, regionOf(path, name)));
}

const { schemas } = await collect(join(ROOT, "schemas"));
const schemaOf = (name: string): ZodType | undefined =>
  schemas.find(({ fileName }) => fileName === name)?.schema;

for (const block of blocks) {
  const name = /^message (.+)$/.exec(block.marker)?.[1];
  if (name === undefined) continue;
  test(`${block.page}:${block.line} - fits the schema of ${name}`, () => {
    if (name === "request event") {
      readRequest(() => undefined, Buffer.from(block.text));
      return;
    }
    const schema = schemaOf(name);
    assert.ok(schema !== undefined, `no schema ${name}`);
    schema.parse(JSON.parse(block.text));
  });
}

test("code - TypeScript that is to be saved or compiled has the types that it says", async () => {
  const code = blocks.filter(({ language, marker }) => language === "ts" && /^(file|compiles)/.test(marker));
  const folder = await mkdtemp(join(tmpdir(), "dspex-docs-"));
  try {
    // As in an application that has the package installed.
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const config = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { paths: { dspex: [join(ROOT, "services/client/mod.ts")] }, noUnusedLocals: false },
      include: ["./*.ts"],
      exclude: [],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    for (const [n, { text }] of code.entries()) await writeFile(join(folder, `block-${n}.ts`), text);
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch((error) =>
      assert.fail(`${code.map(place).join(", ")}:\n${error.stdout}`),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
