import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { completeLock, type PackageLock } from "./complete-lock.ts";

test("completeLock - adds the platforms that the registry did not have", () => {
  const parent = {
    version: "2.0.0",
    dev: true,
    optionalDependencies: { "@x/cli-linux-arm64-musl": "2.0.0" },
  };
  const { packages } = completeLock({ packages: { "node_modules/@x/cli": parent } });
  assert.deepEqual(packages["node_modules/@x/cli-linux-arm64-musl"], {
    version: "2.0.0",
    cpu: ["arm64"],
    dev: true,
    libc: ["musl"],
    optional: true,
    os: ["linux"],
  });
});

test("completeLock - leaves what is there as it is", () => {
  const lock: PackageLock = {
    packages: {
      "node_modules/a": { version: "1.0.0", optionalDependencies: { "a-win32-x64": "1.0.0" } },
      "node_modules/a-win32-x64": { version: "1.0.0", cpu: ["x64"], optional: true, os: ["win32"] },
    },
  };
  assert.deepEqual(completeLock(lock), lock);
});

test("completeLock - refuses a platform package without one version", () => {
  const lock = { packages: { "node_modules/a": { optionalDependencies: { "a-linux-x64": "^1.0.0" } } } };
  assert.throws(() => completeLock(lock), /"a-linux-x64" wants "\^1\.0\.0"/);
});

const lock = JSON.parse(
  readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8"),
) as PackageLock;

test("package-lock.json - has every platform's packages, so that npm ci takes it (else: npm run lock)", () => {
  assert.deepEqual(completeLock(lock), lock);
});

test("package-lock.json - names no address to download from (else: npm run lock)", () => {
  const addressed = Object.entries(lock.packages).filter(([, entry]) => "resolved" in entry);
  assert.deepEqual(addressed, []);
});
