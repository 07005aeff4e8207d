// One suite under Node's test runner, as the events that its reporters understand.
import { fork } from "node:child_process";
import { on, once } from "node:events";
import { join } from "node:path";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import type { Order } from "./one-process.ts";
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
  const paths = files.map((file) => join(root, file));
  const events = suite.isShared
    ? eventsOfOneProcess(paths, suite, signal)
    : (run({
        files: paths,
        concurrency: processesAtOnce,
        timeout: suite.timeoutMs,
        execArgv: execArgv(4 * suite.timeoutMs),
        signal,
      }) as AsyncIterable<TestEvent>);
  for await (const event of events) {
    const [, name, count] =
      (event.type === "test:diagnostic" &&
        event.data.nesting === 0 &&
        closingLine.exec(event.data.message)) ||
      [];
    if (name === undefined) yield event;
    else totals.set(name, (totals.get(name) ?? 0) + Number(count));
  }
}

async function* eventsOfOneProcess(
  files: string[],
  { timeoutMs }: Suite,
  signal: AbortSignal,
): AsyncGenerator<TestEvent> {
  const child = fork(new URL("./one-process.ts", import.meta.url), {
    serialization: "advanced",
    execArgv: execArgv(10 * timeoutMs),
  });
  const stop = () => child.kill();
  signal.addEventListener("abort", stop, { once: true });
  const messages = on(child, "message", { close: ["disconnect"] });
  const ended = once(child, "exit");
  child.send({ files, timeoutMs } satisfies Order);
  let isWhole = false;
  for await (const [event] of messages as AsyncIterable<[TestEvent]>) {
    isWhole ||= event.type === "test:summary" && event.data.file === undefined;
    yield event;
  }
  const [code, signalName] = await ended;
  signal.removeEventListener("abort", stop);
  if (!isWhole && !signal.aborted)
    throw new Error(`the process of the tests ended before they did: ${signalName ?? `exit code ${code}`}`);
}

function execArgv(limitMs: number): string[] {
  return [`--import=${fileProcess}?limitMs=${limitMs}`];
}

/** The runner's own closing lines for all that ran. */
export function* closingEvents(totals: Totals): Generator<TestEvent> {
  for (const [name, count] of totals) {
    yield { type: "test:diagnostic", data: { nesting: 0, level: "info", message: `${name} ${count}` } };
  }
}
