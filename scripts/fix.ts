// Writes what `check` would ask for and a tool can do: generated files, safe corrections, format. One at a time,
// because they write the same files.
import { runTools, writers } from "./tools.ts";

const outcomes = await runTools(writers, 1);
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
