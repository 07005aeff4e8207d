// One setup at a time in a folder. The lock is a file with a line for its holder and one for each program that the
// holder runs; it appears whole or not at all (a hard link). The lock of a process that is gone is taken over, after
// what it left running has been ended: two `npm ci` in one folder spoil each other.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

// Another process's end is no event that Node can await, so it is looked for.
const lookEveryMs = 200;

/** Waits for the lock; `onWait` is called once with the holder's process id if somebody else has it. */
export async function takeLock(path, onWait) {
  const draft = `${path}.${process.pid}`;
  const write = (groups, place) => {
    writeFileSync(draft, [process.pid, ...groups].map(describe).join("\n"));
    place(draft, path);
  };
  try {
    for (let told = false; !tryTo(() => write([], linkSync), "EEXIST"); ) {
      const [holder, ...left] = read(path)?.split("\n") ?? [];
      if (holder === undefined) continue;
      const pid = pidOf(holder);
      if (describe(pid) !== holder) {
        for (const group of left.filter(isStill))
          tryTo(() => process.kill(-pidOf(group), "SIGKILL"), "ESRCH");
        if (!left.some(isStill)) takeAway(path, holder);
      } else if (!told) {
        onWait(pid);
        told = true;
      }
      await setTimeout(lookEveryMs);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    /** Notes the process groups that run for the holder. */
    record: (groups) => write(groups, renameSync),
    release: () => rmSync(path, { force: true }),
  };
}

// Of several that found the same dead lock only one renames it; whoever moved a newer one puts it back.
function takeAway(path, dead) {
  const aside = `${path}.${process.pid}.dead`;
  if (!tryTo(() => renameSync(path, aside), "ENOENT")) return;
  if (read(aside)?.split("\n")[0] !== dead) tryTo(() => linkSync(aside, path), "EEXIST");
  rmSync(aside, { force: true });
}

// The id of a process that is gone may belong to another by now: its start tells them apart where the system shows it.
function describe(pid) {
  if (!isAlive(pid)) return "gone";
  const stat = read(`/proc/${pid}/stat`) ?? "";
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z") return "gone";
  const boot = (read("/proc/sys/kernel/random/boot_id") ?? "").trim();
  return `${pid} ${rest[18] ?? ""} ${boot}`;
}

function isStill(description) {
  return description === describe(pidOf(description));
}

function pidOf(description) {
  return Number(description.split(" ")[0]);
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function tryTo(act, refusal) {
  try {
    act();
    return true;
  } catch (error) {
    if (error.code === refusal) return false;
    throw error;
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
