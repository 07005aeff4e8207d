// A stamp is a file inside an installed folder that names what the folder was made from. It is written last, so a
// folder whose installation was cut off has none.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const stampName = ".dspex-stamp";

/** Hash over files and words: the same key, the same result of installing. */
export function keyOf(files, words) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file)).update("\0");
  for (const word of words) hash.update(`${word}\0`);
  return hash.digest("hex");
}

export function hasStamp(folder, key) {
  try {
    return readFileSync(join(folder, stampName), "utf8") === key;
  } catch {
    return false;
  }
}

export function writeStamp(folder, key) {
  writeFileSync(join(folder, stampName), key);
}
