// Resolves the dependencies anew: package-lock.json and python-pools/requirements*.txt. Without arguments what is
// locked stays and only what package.json or pyproject.toml changed moves; `--upgrade` moves everything.
//
// Resolved in an empty folder under the pinned Node: npm drops other platforms' packages where node_modules exists,
// and silently picks older lines of packages whose `engines` do not fit the Node that it runs under.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completeLock, type PackageLock } from "./complete-lock.ts";

const root = join(import.meta.dirname, "..");
const upgrade = process.argv.includes("--upgrade");

function lockNodePackages(): void {
  const folder = mkdtempSync(join(tmpdir(), "dspex-lock-"));
  try {
    copyFileSync(join(root, "package.json"), join(folder, "package.json"));
    copyFileSync(join(root, ".npmrc"), join(folder, ".npmrc"));
    if (!upgrade) copyFileSync(join(root, "package-lock.json"), join(folder, "package-lock.json"));
    execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], {
      cwd: folder,
      stdio: "inherit",
    });
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as PackageLock;
    writeFileSync(join(root, "package-lock.json"), `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Python packages in three files: what users run, what developers need on top, and uv, which installs both.
function lockPythonPackages(): void {
  compile("requirements-uv.txt", ["--group", "pyproject.toml:uv"]);
  compile("requirements.txt", ["pyproject.toml"]);
  compile("requirements-dev.txt", ["--group", "pyproject.toml:dev", "--constraints", "requirements.txt"]);
}

function compile(output: string, source: string[]): void {
  const options = ["--universal", "--generate-hashes", "--python-version", "3.11", "--no-header", "--quiet"];
  const uv = join(root, ".venv/bin/uv");
  const args = ["pip", "compile", ...options, ...(upgrade ? ["--upgrade"] : []), ...source, "-o", output];
  execFileSync(uv, args, { cwd: join(root, "python-pools"), stdio: ["ignore", "ignore", "inherit"] });
}

lockNodePackages();
lockPythonPackages();
