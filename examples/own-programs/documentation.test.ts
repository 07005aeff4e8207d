// The example loads, and the documentation shows it as it is: each marked block is a region of a file that is tested.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { definitionOf } from "../../services/programs/definition.ts";
import config from "./dspex.config.ts";

const BLOCK = /<!-- region (\S+) of (\S+) -->\n```\w+\n([\s\S]*?)```/g;

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

function regionOf(path: string, name: string): string {
  const found = new RegExp(`^ *(?://|#) #?region ${name}\\n([\\s\\S]*?)\\n *(?://|#) #?endregion`, "m").exec(
    read(path),
  );
  assert.ok(found?.[1] !== undefined, `no region ${name} in ${path}`);
  const lines = found[1].replace(/^\n+|\n+$/g, "").split("\n");
  const indent = Math.min(...lines.filter((line) => line !== "").map((line) => line.search(/\S/)));
  return `${lines.map((line) => line.slice(indent)).join("\n")}\n`;
}

for (const page of ["docs/models.md", "docs/programs.md"]) {
  for (const [, name = "", path = "", shown] of read(page).matchAll(BLOCK))
    it(`${page} - shows region ${name} of ${path}`, () => assert.equal(shown, regionOf(path, name)));
}

it("example - every program can be registered", () => {
  const kinds = config.declarations
    .map(definitionOf)
    .map(({ name, implementations }) => [name, implementations.length]);
  assert.deepEqual(kinds, [
    ["triage", 3],
    ["poem", 1],
    ["reply", 1],
    ["clerk", 1],
  ]);
  assert.deepEqual([...config.functions.keys()], ["triage/keywords"]);
});

it("example - the native function answers", () => {
  const run = config.functions.get("triage/keywords");
  const context = { signal: new AbortController().signal, variables: {} };
  assert.deepEqual(run?.({ message: "Refund me!", language: "en" }, context), {
    team: "billing",
    urgent: true,
  });
});
