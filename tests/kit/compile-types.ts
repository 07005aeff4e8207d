// Runs the compiler on a text: what it says, and what that costs.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const compiler = join(root, "node_modules/typescript/bin/tsc");

export interface Compiled {
  output: string;
  instantiations: number;
  checkMs: number;
}

/** Compiles `source` with these names of a door, a file of the repository, imported; names need not all be used. */
export async function compileTypes(source: string, door: string, names: string): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), "dspex-types-"));
  try {
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: { noEmit: true, typeRoots: [join(root, "node_modules/@types")] },
      include: ["./fixture.ts"],
      exclude: [],
    };
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const imports = `import { ${names} } from ${JSON.stringify(join(root, door))};`;
    await writeFile(join(folder, "fixture.ts"), `${imports}\n${source}`);
    const output = await run([compiler, "-p", folder, "--extendedDiagnostics", "--noUnusedLocals", "false"]);
    return {
      output,
      instantiations: fact(output, "Instantiations"),
      checkMs: fact(output, "Check time") * 1_000,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The compiler's exit code says that there were errors, which the output says, too. */
function run(args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (_error, stdout) => resolve(stdout));
  });
}

function fact(output: string, name: string): number {
  const found =
    new RegExp(`${name}:\\s*([0-9.]+)`).exec(output)?.[1] ?? assert.fail(`no ${name} in ${output}`);
  return Number(found);
}
