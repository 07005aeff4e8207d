// What the broker keeps in a home folder (`.dspex/`), and the record by which any process finds the server that
// runs from it.
//
//   <home>/credentials.json     passwords, 0600
//   <home>/nats/nats.conf       generated, 0600; never edited by hand
//   <home>/nats/server.json     the running server: pid, addresses, settings; gone when it was stopped
//   <home>/nats/nats.log · jetstream/

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Credentials, writePrivateFile } from "./credentials.ts";
import { type NatsConfigSettings, natsConfig } from "./nats-config.ts";
import { isRunning } from "./process.ts";

export interface HomeFiles {
  folder: string;
  config: string;
  log: string;
  record: string;
}

/** The running server as its starter wrote it down. */
export interface ServerRecord {
  pid: number;
  /** Process that started it and stops it in the end. */
  ownerPid: number;
  url: string;
  monitorUrl?: string;
  /** What the configuration is generated from, together with the credentials. */
  settings: NatsConfigSettings;
}

export function homeFiles(home: string): HomeFiles {
  const folder = join(resolve(home), "nats");
  return {
    folder,
    config: join(folder, "nats.conf"),
    log: join(folder, "nats.log"),
    record: join(folder, "server.json"),
  };
}

export function makeHomeFolder(home: string): HomeFiles {
  const files = homeFiles(home);
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  return files;
}

export function writeConfig(home: string, settings: NatsConfigSettings, credentials: Credentials): void {
  writePrivateFile(homeFiles(home).config, natsConfig(settings, credentials));
}

export function writeServerRecord(home: string, record: ServerRecord): void {
  writePrivateFile(homeFiles(home).record, `${JSON.stringify(record, null, 2)}\n`);
}

export function removeServerRecord(home: string): void {
  rmSync(homeFiles(home).record, { force: true });
}

/** The server that runs from this home now; undefined when there is none (a record of a dead one does not count). */
export function runningServer(home: string): ServerRecord | undefined {
  const files = homeFiles(home);
  let record: ServerRecord;
  try {
    record = JSON.parse(readFileSync(files.record, "utf8")) as ServerRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return isRunning(record.pid, files.config) ? record : undefined;
}
