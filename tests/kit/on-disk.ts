// Whether a text is anywhere in the files of a test's streams, as whoever gets hold of the disk would look for it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function onDisk(home: string, text: string): boolean {
  return readdirSync(join(home, "nats"), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith(".blk"))
    .some((file) => readFileSync(join(file.parentPath, file.name)).includes(text));
}
