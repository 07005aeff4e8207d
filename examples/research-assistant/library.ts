// The texts that the assistant knows: one file each in library/, its first line the title.

import { readdirSync, readFileSync } from "node:fs";

export interface LibraryText {
  title: string;
  text: string;
}

const folder = new URL("./library/", import.meta.url);

export const LIBRARY: readonly LibraryText[] = readdirSync(folder)
  .filter((file) => file.endsWith(".md"))
  .sort()
  .map((file) => {
    const [heading = "", ...rest] = readFileSync(new URL(file, folder), "utf8").split("\n");
    return { title: heading.replace(/^# /, ""), text: rest.join(" ").trim() };
  });
