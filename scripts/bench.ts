// Runs benchmarks: every file in bench/, or those whose name contains one of the words given. One after the other, so
// that none measures its neighbour.
//
//   npm run bench                  npm run bench -- routing log --json
//
// Words that begin with a dash go to the benchmark itself.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "..");
const given = process.argv.slice(2);
const options = given.filter((word) => word.startsWith("-"));
const words = given.filter((word) => !word.startsWith("-"));

const all = globSync("bench/*.ts", { cwd: root, exclude: ["bench/*.test.ts"] }).sort();
const asked = (file: string) => words.some((word) => basename(file, ".ts").includes(word));
// A soak takes many minutes: only by name.
const chosen = all.filter(words.length === 0 ? (file) => basename(file) !== "soak.ts" : asked);
if (chosen.length === 0) {
  console.error(
    `no benchmark is named like ${words.join(" or ")}: there are ${all.map((file) => basename(file, ".ts")).join(", ")}`,
  );
  process.exitCode = 1;
}

for (const file of chosen) {
  const load = loadavg()
    .map((value) => value.toFixed(2))
    .join(" ");
  console.log(`\n── ${file}: ${questionOf(file)}\n   ${availableParallelism()} cores, load ${load}`);
  const { status } = spawnSync(process.execPath, [join(root, file), ...options], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}

// A bench file opens with the question that it answers.
function questionOf(file: string): string {
  const [line = ""] = readFileSync(join(root, file), "utf8").split("\n");
  return line.replace(/^\/\/\s*/, "");
}
