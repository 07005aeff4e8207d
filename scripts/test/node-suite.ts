// One suite under Node's test runner, as the events that its reporters understand.
import { join } from "node:path";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { root, type Suite } from "./suites.ts";

const processesAtOnce = 2;
const fileProcess = new URL("./file-process.ts", import.meta.url);

// What the runner ends a run with. Kept back and added up, so that it is said once, for all suites together.
const closingLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

export type Totals = Map<string, number>;

/** Yields what the reporter is to show and adds to `totals` what the runner counted. */
export async function* runNodeSuite(
  suite: Suite,
  files: string[],
  { totals, signal }: { totals: Totals; signal: AbortSignal },
): AsyncGenerator<TestEvent> {
  const events = run({
    files: files.map((file) => join(root, file)),
    concurrency: processesAtOnce,
    timeout: suite.timeoutMs,
    execArgv: [`--import=${fileProcess}?limitMs=${2 * suite.timeoutMs}`],
    signal,
  });
  for await (const event of events as AsyncIterable<TestEvent>) {
    const [, name, count] =
      (event.type === "test:diagnostic" &&
        event.data.nesting === 0 &&
        closingLine.exec(event.data.message)) ||
      [];
    if (name === undefined) yield event;
    else totals.set(name, (totals.get(name) ?? 0) + Number(count));
  }
}

/** The runner's own closing lines for all that ran. */
export function* closingEvents(totals: Totals): Generator<TestEvent> {
  for (const [name, count] of totals) {
    yield { type: "test:diagnostic", data: { nesting: 0, level: "info", message: `${name} ${count}` } };
  }
}
