// Runs other programs for the setup: quiet while they succeed, the tail of what they wrote when they fail.
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";

const tailLines = 25;
const graceMs = 2_000;

/** A failure that tells what happened and what to do about it. */
export class SetupError extends Error {
  constructor(message, { todo, tail = [] } = {}) {
    super(message);
    this.todo = todo;
    this.tail = tail;
  }

  report() {
    const said = this.tail.map((line) => `  │ ${line}`);
    return [this.message, ...said, ...(this.todo ? [`→ ${this.todo}`] : [])].join("\n");
  }
}

/** `onChange` gets the process groups that run whenever they change. */
export function createRunner(onChange) {
  const running = new Map();
  const update = () => onChange([...running.keys()]);

  /** Resolves to what the program wrote; `onLine` gets the latest line as it comes. */
  function run(program, args, { cwd, env = {}, todo, onLine = () => {} }) {
    // In a process group of its own: npm and pip start more, and stopping means all of them.
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, PATH: pathWithoutNodeModules(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const output = [];
    const take = (chunk) => {
      output.push(chunk);
      const last = lines(chunk).at(-1);
      if (last) onLine(last);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);

    const ended = new Promise((resolve, reject) => {
      child.once("error", (error) => {
        reject(new SetupError(`cannot run "${program}": ${error.message}`, { todo }));
      });
      child.once("close", (code, signal) => {
        running.delete(child.pid);
        update();
        const text = output.join("");
        if (code === 0) return resolve(text);
        const how = signal ? `was ended by ${signal}` : `exited with ${code}`;
        const tail = lines(text).slice(-tailLines);
        reject(new SetupError(`"${[program, ...args].join(" ")}" ${how}`, { todo, tail }));
      });
    });
    if (child.pid !== undefined) {
      running.set(child.pid, ended);
      update();
    }
    return ended;
  }

  /** Ends everything that runs, politely first. */
  async function stop() {
    const signal = (name) => {
      for (const group of running.keys()) process.kill(-group, name);
    };
    const all = Promise.allSettled(running.values());
    signal("SIGTERM");
    await Promise.race([all, setTimeout(graceMs, undefined, { ref: false })]);
    signal("SIGKILL");
    await all;
  }

  return { run, stop };
}

// npm puts node_modules/.bin first, and `npm ci` deletes that very folder: what it starts must not come from there.
function pathWithoutNodeModules() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => !folder.endsWith(join("node_modules", ".bin"))).join(delimiter);
}

function lines(text) {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}
