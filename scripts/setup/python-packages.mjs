// The Python environment in .venv from the hashed requirements in python-pools/.
//
//   python -m venv ─▶ pip installs uv ─▶ uv installs the rest: a few seconds where its cache has them
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPython, isSupported } from "./find-python.mjs";
import { hasStamp, keyOf, writeStamp } from "./stamp.mjs";
import { uvIndexes } from "./uv-indexes.mjs";

const todo = "Check the network and the package index that pip uses (pip config list), then run this again.";

export function pythonPackages({ root, production }) {
  const folder = join(root, ".venv");
  const pools = join(root, "python-pools");
  const python = join(folder, "bin/python");
  const uv = join(folder, "bin/uv");
  const uvRequirements = join(pools, "requirements-uv.txt");
  const names = production ? ["requirements.txt"] : ["requirements.txt", "requirements-dev.txt"];
  const requirements = names.map((name) => join(pools, name));
  const key = keyOf([uvRequirements, ...requirements], [folder, process.platform, process.arch]);
  let creator;

  // Python is a link that breaks when the system's Python goes.
  const isFresh = () => hasStamp(folder, key) && existsSync(python) && existsSync(uv);

  // Before anything is downloaded, so that a missing Python is said at once.
  function prepare() {
    if (!(wasMadeHere(folder) && existsSync(uv) && isSupported(python))) creator = findPython();
  }

  async function install(run, note) {
    if (creator !== undefined) {
      note("creating .venv");
      const remedy = "Remove the folder .venv and run this again.";
      await run(creator, ["-m", "venv", "--clear", folder], { cwd: root, todo: remedy });
    }
    if (creator !== undefined || !(await isPinned(run))) {
      note("installing uv");
      const quiet = ["--quiet", "--no-input", "--disable-pip-version-check"];
      const hashed = ["--require-hashes", "--only-binary=:all:", "-r", uvRequirements];
      const env = { PIP_USER: "0" };
      await run(python, ["-m", "pip", "install", ...quiet, ...hashed], {
        cwd: root,
        env,
        todo,
        onLine: note,
      });
    }
    note("installing packages");
    const pipSettings = await run(python, ["-m", "pip", "config", "list"], { cwd: root, todo });
    const env = uvIndexes(pipSettings, process.env);
    // Nothing is built: what has no wheel for this machine fails at once instead of compiling for minutes.
    const sync = ["pip", "sync", "--python", python, "--require-hashes", "--no-build", "--no-progress"];
    await run(uv, [...sync, ...requirements], { cwd: pools, env, todo, onLine: note });
    exposePools(folder, pools);
    writeStamp(folder, key);
  }

  async function isPinned(run) {
    const [, version] = (await run(uv, ["--version"], { cwd: root, todo })).split(" ");
    return readFileSync(uvRequirements, "utf8").includes(`uv==${version?.trim()} `);
  }

  return { name: "Python packages", isFresh, prepare, install };
}

// The scripts in an environment hold its path, so one that was copied or moved is of no use.
function wasMadeHere(folder) {
  const settings = join(folder, "pyvenv.cfg");
  return existsSync(settings) && readFileSync(settings, "utf8").includes(folder);
}

// Makes `import dspex` and `python -m dspex_pool` work from any folder.
function exposePools(folder, pools) {
  const library = join(folder, "lib");
  const version = readdirSync(library).find((name) => name.startsWith("python3."));
  writeFileSync(join(library, version, "site-packages/dspex-pools.pth"), `${pools}\n`);
}
