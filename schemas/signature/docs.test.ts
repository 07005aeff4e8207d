// The examples in docs/signatures.md and docs/values.md are read, compiled and run as they stand.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseSignature } from "./parse.ts";
import { isSignatureError } from "./signature-error.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

function page(name: string): Promise<string> {
  return readFile(join(root, "docs", name), "utf8");
}

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(
    (found) => found[1] ?? "",
  );
}

test("docs - signatures are as the text says", async () => {
  const text = await page("signatures.md");
  const right = blocks(text, "signature");
  assert.equal(right.length, 3);
  for (const block of right) parseSignature(block);
  const wrong = blocks(text, "error");
  assert.equal(wrong.length, 2);
  for (const block of wrong) {
    const [line = "", message] = block.split("\n");
    assert.equal(messageOf(line), message);
  }
  const rows = [...text.matchAll(/^\| `([^`]*->[^`]*)` \|/gm)].map(
    (row) => row[1]?.replaceAll("\\|", "|") ?? "",
  );
  assert.ok(rows.length >= 10);
  for (const row of rows) parseSignature(row);
});

function messageOf(text: string): string {
  try {
    parseSignature(text);
  } catch (error) {
    assert.ok(isSignatureError(error));
    return error.message;
  }
  return assert.fail("was parsed");
}

for (const name of ["signatures.md", "values.md"]) {
  test(`docs - the code of ${name} compiles and runs`, async () => {
    const door = JSON.stringify(join(root, "schemas/signature/mod.ts"));
    const code = blocks(await page(name), "ts")
      .join("\n")
      .replaceAll(/"dspex(?:\/signature)?"/g, door)
      // What must not compile would throw, too.
      .replaceAll(/\/\/ @ts-expect-error.*\n(.*)/g, "// @ts-expect-error\nexport const never = () => $1");
    const folder = await mkdtemp(join(tmpdir(), "dspex-docs-"));
    try {
      const compilerOptions = { noEmit: true, noUnusedLocals: false };
      const config = {
        extends: join(root, "tsconfig.json"),
        compilerOptions,
        include: ["./*.ts"],
        exclude: [],
      };
      await symlink(join(root, "node_modules"), join(folder, "node_modules"));
      await writeFile(join(folder, "package.json"), '{ "type": "module" }');
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
      await writeFile(join(folder, "snippets.ts"), code);
      await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
      await run(process.execPath, [join(folder, "snippets.ts")]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
