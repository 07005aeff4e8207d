// Runs the test files that it is given in this process, one after another, and sends what happens to its parent.
// Loading once what they all use, not once a file, more than halves the time of many short files.
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

/** What the parent sends first. */
export interface Order {
  /** Absolute paths. */
  files: string[];
  timeoutMs: number;
}

process.once("message", async ({ files, timeoutMs }: Order) => {
  const events = run({ files, isolation: "none", timeout: timeoutMs });
  for await (const event of events as AsyncIterable<TestEvent>) send(event);
  process.disconnect();
});

/** A test may throw what cannot be sent, a function say; its text can. */
function send(event: TestEvent): void {
  try {
    process.send?.(event);
  } catch (thrown) {
    if (event.type !== "test:fail" && event.type !== "test:complete") throw thrown;
    const { details } = event.data;
    const error = new Error(inspect(details.error));
    process.send?.({ type: event.type, data: { ...event.data, details: { ...details, error } } });
  }
}
