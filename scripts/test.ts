// Runs the tests of both languages, the quickest first:
//
//   unit ─▶ integration (a real nats-server) ─▶ python ─▶ e2e (the whole system)
//
//   npm test                     all of these
//   npm test -- router bus       only files with "router" or "bus" in their path
//   npm test -- --fast           unit tests of both languages: nothing that starts a server or a model
//   npm test -- --only e2e       one suite, of these or `chaos`
//
// Node's runner has one summary for all its suites; the last line counts both languages.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { spec, type TestEvent } from "node:test/reporters";
import { parseArgs } from "node:util";
import { closingEvents, runNodeSuite } from "./test/node-suite.ts";
import { type Pytest, runPytest } from "./test/pytest.ts";
import { filesOf, type SuiteName, suites } from "./test/suites.ts";

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { fast: { type: "boolean", default: false }, only: { type: "string" } },
});

const startedAt = performance.now();
const totals = new Map<string, number>();
const python = { passed: 0, failed: 0 };
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());

const chosen = chosenSuites();
// The two fast suites need no more than a core each; the others have the machine to themselves.
const together = values.fast ? startPytest() : undefined;
await pipeline(Readable.from(allEvents()), new spec(), process.stdout, { end: false });
close();

async function* allEvents(): AsyncGenerator<TestEvent> {
  for (const name of chosen) {
    const suite = suites[name];
    const files = filesOf(suite, filters);
    if (files.length === 0 || stop.signal.aborted) continue;
    yield shown(`── ${name}: ${files.length} ${files.length === 1 ? "file" : "files"}\n`);
    if (name === "python") yield* pytestEvents(together ?? startPytest());
    else yield* runNodeSuite(suite, files, { totals, signal: stop.signal });
  }
  yield* closingEvents(totals);
}

function startPytest(): Pytest {
  return runPytest(filesOf(suites.python, filters), { fast: values.fast, signal: stop.signal });
}

/** What pytest writes, as a test's output: so it comes where its suite's turn is. */
async function* pytestEvents({ output, counts }: Pytest): AsyncGenerator<TestEvent> {
  for await (const text of output) yield shown(text);
  Object.assign(python, await counts);
}

function close(): void {
  const passed = (totals.get("pass") ?? 0) + python.passed;
  const failed = (totals.get("fail") ?? 0) + (totals.get("cancelled") ?? 0) + python.failed;
  const isGood = failed === 0 && passed > 0 && !stop.signal.aborted;
  if (passed + failed === 0)
    console.log(`no test in ${chosen.join(", ")} has a path with ${filters.join(" or ")}`);
  const duration = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n${passed} passed, ${failed} failed in ${duration} s`);
  process.exitCode = isGood ? 0 : 1;
}

function chosenSuites(): SuiteName[] {
  const all = Object.keys(suites) as SuiteName[];
  const { only, fast } = values;
  if (only === undefined) return all.filter((name) => suites[name].usual && (!fast || suites[name].fast));
  const one = all.filter((name) => name === only);
  if (one.length === 0) throw new Error(`unknown suite "${only}": one of ${all.join(", ")}`);
  return one;
}

function shown(text: string): TestEvent {
  return { type: "test:stdout", data: { file: "", message: text } };
}
