// The one gate for both languages: types, rules, format, unused code, freshness of generated files. Writes nothing.
import { readers, runTools } from "./tools.ts";

const outcomes = await runTools(readers);
const failed = outcomes.filter(({ passed }) => !passed).map(({ tool }) => tool.name);
console.log(
  failed.length === 0
    ? `\ncheck passed: ${outcomes.length} of ${outcomes.length}`
    : `\ncheck failed: ${failed.join(", ")}; what a tool can mend itself, \`npm run fix\` mends`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
