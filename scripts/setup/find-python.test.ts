import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { findPython } from "./find-python.mjs";

// A Python that answers the probe as told.
function python(answer: string) {
  const folder = mkdtempSync(join(tmpdir(), "dspex-python-"));
  const path = join(folder, "python");
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test("findPython - takes the one that PYTHON names", () => {
  using good = python("good 3.12.4 /opt/my python/bin/python3");
  assert.equal(findPython({ PYTHON: good.path }), "/opt/my python/bin/python3");
});

test("findPython - says which versions fit", () => {
  using old = python("unfit 3.9.18 /usr/bin/python3.9");
  assert.throws(() => findPython({ PYTHON: old.path }), /Python 3\.11 to 3\.14 is needed.*3\.9\.18/);
});

test("findPython - says what to install where parts of Python are packages of their own", () => {
  using partial = python("partial 3.11.2 /usr/bin/python3");
  const error = { message: /lacks its venv or ensurepip/, todo: /python3\.11-venv/ };
  assert.throws(() => findPython({ PYTHON: partial.path }), error);
});

test("findPython - says so when PYTHON names none", () => {
  assert.throws(
    () => findPython({ PYTHON: "/nowhere/python" }),
    /PYTHON=\/nowhere\/python has: none that runs/,
  );
});
