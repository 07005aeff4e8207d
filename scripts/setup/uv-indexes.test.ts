import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { uvIndexes } from "./uv-indexes.mjs";

const nowhere = { XDG_CONFIG_HOME: "/nowhere", XDG_CONFIG_DIRS: "/nowhere" };

test("uvIndexes - nothing set for pip, nothing set for uv", () => {
  assert.deepEqual(uvIndexes("global.cert='/etc/ssl/ca.crt'\n", nowhere), {});
});

test("uvIndexes - pip's index is uv's default index", () => {
  const settings = "global.cert='/etc/ssl/ca.crt'\nglobal.index-url='https://mirror.example/simple'\n";
  assert.deepEqual(uvIndexes(settings, nowhere), { UV_DEFAULT_INDEX: "https://mirror.example/simple" });
});

test("uvIndexes - the environment counts more than files", () => {
  const settings = "global.index-url='https://a.example'\n:env:.index-url='https://b.example'\n";
  assert.deepEqual(uvIndexes(settings, nowhere), { UV_DEFAULT_INDEX: "https://b.example" });
});

test("uvIndexes - several extra indexes", () => {
  const settings = "global.extra-index-url='\\nhttps://a.example\\nhttps://b.example'\n";
  assert.deepEqual(uvIndexes(settings, nowhere), {
    UV_INDEX: "https://a.example https://b.example",
    UV_INDEX_STRATEGY: "unsafe-best-match",
  });
});

test("uvIndexes - an index of uv's own stands", () => {
  const settings = "global.index-url='https://mirror.example/simple'\n";
  assert.deepEqual(uvIndexes(settings, { ...nowhere, UV_INDEX_URL: "https://own.example" }), {});
});

test("uvIndexes - settings in uv's own file stand", () => {
  const folder = mkdtempSync(join(tmpdir(), "dspex-uv-"));
  try {
    mkdirSync(join(folder, "uv"));
    writeFileSync(join(folder, "uv/uv.toml"), "");
    const settings = "global.index-url='https://mirror.example/simple'\n";
    assert.deepEqual(uvIndexes(settings, { ...nowhere, XDG_CONFIG_HOME: folder }), {});
  } finally {
    rmSync(folder, { recursive: true });
  }
});
