// Finds the Python that the environment is made with: the one that PYTHON names, else the first on the path that fits.
import { spawnSync } from "node:child_process";
import { SetupError } from "./command.mjs";

const names = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.14"];
const probe = `
import importlib.util, sys
fits = (3, 11) <= sys.version_info[:2] <= (3, 14)
whole = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print("unfit" if not fits else "partial" if not whole else "good", sys.version.split()[0], sys.executable)
`;

export function isSupported(path) {
  return look(path)?.state === "good";
}

export function findPython(env = process.env) {
  const seen = [];
  for (const name of env.PYTHON ? [env.PYTHON] : names) {
    const python = look(name);
    if (python?.state === "good") return python.path;
    if (python !== undefined) seen.push(python);
  }
  throw seen.some(isPartial) ? lacksParts(seen.find(isPartial)) : isMissing(seen, env.PYTHON);
}

function look(name) {
  const { status, stdout } = spawnSync(name, ["-c", probe], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const [state, version, ...path] = stdout.trim().split(" ");
  return { state, version, path: path.join(" ") };
}

function isPartial({ state }) {
  return state === "partial";
}

function lacksParts({ version, path }) {
  const debian = `apt install python${version.split(".").slice(0, 2).join(".")}-venv`;
  return new SetupError(`Python ${version} (${path}) lacks its venv or ensurepip module`, {
    todo: `Install it (Debian, Ubuntu: ${debian}), or name another Python: PYTHON=<path>.`,
  });
}

function isMissing(seen, asked) {
  const found = seen.map(({ version, path }) => `${version} (${path})`).join(", ") || "none that runs";
  const where = asked ? `PYTHON=${asked}` : "the path";
  return new SetupError(`Python 3.11 to 3.14 is needed; ${where} has: ${found}`, {
    todo: "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13), or name it: PYTHON=<path>.",
  });
}
