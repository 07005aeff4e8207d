// One `dspex up` a home: `<home>/up.json` says which process that is and where its server listens. A record of a
// process that is gone does not count, also when another process has got its number since.

import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";

const recordSchema = z.object({
  pid: z.number().int(),
  /** When the process began, as the system tells it: tells it from a later one with its number. */
  begun: z.string(),
  since: z.string(),
  natsUrl: z.string().optional(),
});
export type UpRecord = z.infer<typeof recordSchema>;

/** Somebody else runs from this home. */
export class HomeTaken extends DspexError {
  readonly record: UpRecord;
  constructor(home: string, record: UpRecord) {
    const where = record.natsUrl === undefined ? "is starting" : `serves ${record.natsUrl}`;
    super("conflict", `${home} is in use: process ${record.pid} ${where} since ${record.since}`);
    this.record = record;
  }
}

export interface HomeLock {
  /** Tells others where the server listens. */
  serving(natsUrl: string): void;
  release(): void;
}

/** @throws HomeTaken */
export function lockHome(home: string, nowMs: number): HomeLock {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = upFile(home);
  const record: UpRecord = {
    pid: process.pid,
    begun: begunOf(process.pid),
    since: new Date(nowMs).toISOString(),
  };
  take(home, file, record);
  return {
    serving(natsUrl) {
      const temporary = `${file}.${process.pid}.tmp`;
      writeFileSync(temporary, JSON.stringify({ ...record, natsUrl }), { mode: 0o600 });
      renameSync(temporary, file);
    },
    release() {
      if (readRecord(home)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** Who runs from this home now; undefined when nobody does. */
export function whoRuns(home: string): UpRecord | undefined {
  const record = readRecord(home);
  return record !== undefined && begunOf(record.pid) === record.begun ? record : undefined;
}

function take(home: string, file: string, record: UpRecord): void {
  try {
    const fd = openSync(file, "wx", 0o600);
    writeSync(fd, JSON.stringify(record));
    closeSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const other = whoRuns(home);
    if (other !== undefined) throw new HomeTaken(home, other);
    rmSync(file, { force: true });
    take(home, file, record);
  }
}

function upFile(home: string): string {
  return join(home, "up.json");
}

function readRecord(home: string): UpRecord | undefined {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(readFileSync(upFile(home), "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // none, or one that was never finished
  }
}

/** Differs for every process that ever has this number; "" when there is none. */
function begunOf(pid: number): string {
  try {
    // Field 22 of stat; the name in brackets before may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    if (process.platform === "linux") return "";
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
