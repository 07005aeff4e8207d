// How the house is kept, where a linter cannot see it: what files may hold, how long they are, who may import whom.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import test from "node:test";
import { codeFiles, filesLike, findLines, readText } from "./repository-files.ts";

const code = codeFiles();
const sources = code.filter(({ path }) => !/\.test\.ts$|(^|\/)tests\//.test(path));

function none(found: string[], why: string): void {
  if (found.length > 0) assert.fail(`${why}:\n${found.join("\n")}`);
}

test("every file - names no folder of a machine", () => {
  const folders = ["work", "farm", "root", "home", "Users"].join("|");
  none(findLines(filesLike(/./), new RegExp(`(^|[^A-Za-z0-9_.~-])/(${folders})/`)), "paths of one machine");
});

test("every file - names no package registry", () => {
  const hosts = ["registry\\.npmjs", "pypi\\.org", "pythonhosted", "proxy\\.golang", "repo1?\\.maven"];
  none(
    findLines(filesLike(/./), new RegExp(`(${hosts.join("|")})[./]`)),
    "the user's own settings say where from",
  );
});

test("code - leaves nothing open", () => {
  const marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "@ts-" + "nocheck", "@ts-" + "ignore"].join("|");
  none(findLines(code, new RegExp(`\\b(${marks})\\b`)), "finish it");
});

test("code - stays readable at one sitting", () => {
  const long = code
    .filter(({ lines }) => lines.length > 450)
    .map(({ path, lines }) => `${path}: ${lines.length} lines`);
  none(long, "does it still do one thing?");
});

test("code - opens by saying what it is for", () => {
  const silent = sources.filter(({ path, text }) => {
    const says = path.endsWith(".py") ? /^(#.*\n)*r?"""/ : /^(#!.*\n)?(\/\/|\/\*)/;
    return text.trim() !== "" && !says.test(text);
  });
  none(
    silent.map(({ path }) => path),
    "one to three sentences open a file",
  );
});

test("subjects - are spelled in one file of each language", () => {
  // Permissions are patterns over subjects: the broker's tables hold those, and the role matrix tries them out.
  const home = /^(schemas\/subjects\.ts|python-pools\/dspex\/subjects\.py|services\/broker\/.*)$/;
  const elsewhere = sources.filter(({ path }) => !home.test(path));
  // A literal with a wildcard or a placeholder in it, or the front part of one; not in a comment.
  const subject = /^(?!\s*(\/\/|\/?\*|#|""")).*["'`]dspex[.-][a-z-]+\.([^"'`\s]*[{*>]|([a-z-]+\.)*["'`])/;
  none(findLines(elsewhere, subject), "build it with the functions of subjects.ts or subjects.py");
});

test("services - each says how to run it and what can go wrong", () => {
  const folders = new Set(sources.flatMap(({ path }) => /^services\/[^/]+(?=\/)/.exec(path) ?? []));
  const described = new Set(filesLike(/^services\/[^/]+\/README\.md$/).map(({ path }) => dirname(path)));
  none(
    [...folders].filter((folder) => !described.has(folder)),
    "a README.md is missing",
  );
});

test("services - main.ts wires and does nothing else", () => {
  const mains = sources.filter(({ path }) => /^services\/[^/]+\/main\.ts$/.test(path));
  const long = mains
    .filter(({ lines }) => lines.length > 60)
    .map(({ path, lines }) => `${path}: ${lines.length} lines`);
  none(long, "at most 60 lines");
});

// What a folder may import of ours. The contract stands alone; users' own code gets the client without the log.
const mayImport: Record<string, string[]> = {
  schemas: ["schemas"],
  observability: ["observability", "schemas"],
  "services/bus": ["services/bus", "schemas", "observability"],
  "services/log": ["services/log", "services/bus", "schemas", "observability"],
  "services/client": ["services/client", "services/bus", "schemas", "observability"],
};

for (const [folder, allowed] of Object.entries(mayImport)) {
  test(`${folder} - imports of ours only ${allowed.join(", ")}`, () => {
    const inside = sources.filter(({ path }) => path.startsWith(`${folder}/`));
    const found = inside.flatMap(({ path, text }) =>
      [...text.matchAll(/from "(\.{1,2}\/[^"]+)"/g)]
        .map(([, target = ""]) => join(dirname(path), target))
        .filter((target) => !allowed.some((one) => target.startsWith(`${one}/`)))
        .map((target) => `${path} imports ${target}`),
    );
    none(found, "the other way round, or by a parameter");
  });
}

test("package.json - its scripts run files that are there", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { scripts: Record<string, string> };
  const files = Object.values(scripts).flatMap((script) => /^node (\S+)/.exec(script)?.[1] ?? []);
  const missing = files.filter((file) => filesLike(new RegExp(`^${RegExp.escape(file)}$`)).length === 0);
  none(missing, "a script's file is missing");
});
