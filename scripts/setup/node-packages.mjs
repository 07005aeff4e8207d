// node_modules from package-lock.json, with the pinned Node 24 as node_modules/.bin/node.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { SetupError } from "./command.mjs";
import { hasStamp, keyOf, writeStamp } from "./stamp.mjs";

const nodeMajor = 24;
const todo =
  "Check the network and the registry that npm uses (npm config get registry), then run this again.";

export function nodePackages({ root, production }) {
  const folder = join(root, "node_modules");
  const lockFile = join(root, "package-lock.json");
  const key = keyOf([lockFile], [process.platform, process.arch, production ? "production" : "development"]);

  async function install(run, note) {
    // After an `npm install` by hand only the stamp is missing.
    if (production || !holdsWhatIsLocked(folder, lockFile)) {
      note("npm ci");
      // No package here needs an install script, so none gets to run.
      const quiet = ["--ignore-scripts", "--loglevel=error", "--no-progress", "--no-audit", "--no-fund"];
      const kinds = ["--include=optional", production ? "--omit=dev" : "--include=dev"];
      const [program, ...before] = npmCommand();
      await run(program, [...before, "ci", ...quiet, ...kinds], { cwd: root, todo, onLine: note });
    }
    linkNode(folder);
    writeStamp(folder, key);
  }

  return { name: "Node packages", isFresh: () => hasStamp(folder, key) && hasNode(folder), install };
}

// The npm that the user called, else the one on the path.
function npmCommand() {
  const { npm_execpath: script = "", npm_node_execpath: node = process.execPath } = process.env;
  return basename(script) === "npm-cli.js" ? [node, script] : ["npm"];
}

function holdsWhatIsLocked(folder, lockFile) {
  const installed = packagesOf(join(folder, ".package-lock.json"));
  const locked = packagesOf(lockFile);
  if (installed === undefined || locked === undefined) return false;
  const isRight = ([path, { version, integrity, optional, os, cpu, libc }]) => {
    const found = installed[path];
    if (found !== undefined) return found.version === version && found.integrity === integrity;
    // An optional package is only missed where it says that it is for this very platform.
    const isForHere = includes(os, process.platform) && includes(cpu, process.arch) && libc === undefined;
    return path === "" || (optional === true && !isForHere);
  };
  return (
    Object.entries(locked).every(isRight) &&
    Object.keys(installed).every((path) => locked[path] !== undefined)
  );
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function includes(values, value) {
  return [values].flat().includes(value);
}

function hasNode(folder) {
  return existsSync(join(folder, ".bin/node")) || Number(process.versions.node.split(".")[0]) >= nodeMajor;
}

// Node comes as one optional package a platform, each with a `node` of its own. npm 10 removes the link again when it
// clears away the packages of the other platforms.
function linkNode(folder) {
  const { platform, arch } = process;
  const names = [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`];
  const name = names.find((candidate) => existsSync(join(folder, candidate, "bin/node")));
  if (name !== undefined && !existsSync(join(folder, ".bin/node"))) {
    mkdirSync(join(folder, ".bin"), { recursive: true });
    symlinkSync(join("..", name, "bin/node"), join(folder, ".bin/node"));
  }
  if (hasNode(folder)) return;
  throw new SetupError(`npm has no package of Node ${nodeMajor} for ${platform}-${arch}`, {
    todo: `Install Node ${nodeMajor} and run this again.`,
  });
}
