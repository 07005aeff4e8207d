import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, subjectsOf } from "./event-filter.ts";
import { eventLine, relative } from "./event-line.ts";
import { type LogEvent, logEvent } from "./log-event.ts";

const plainly = (_style: string, text: string) => text;

function event(subject: string, body: unknown, headers: Record<string, string> = {}): LogEvent {
  const data = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return logEvent({
    subject,
    sequence: 42,
    timeMs: 1_000,
    data,
    header: (name) => headers[name],
    json: () => JSON.parse(data.toString()),
  });
}
const line = (one: LogEvent, columns?: number) =>
  eventLine(one, { sinceMs: 0, columns, withId: true, paint: plainly });

test("a bare request - is shown with its options, under the id that the log gives it", () => {
  const request = event("dspex.request.local.answer", { question: "why?" }, { "Dspex-Session": "s1" });
  assert.equal(request.id, "local.log.42");
  assert.match(
    line(request),
    /^\+1\.00 s +#42 +request +local\.log\.42 {2}answer {2}session=s1 {2}\{"question":"why\?"\}$/,
  );
});

test("a chosen id - is that of the user", () => {
  assert.equal(
    event("dspex.request.local.answer", { a: 1 }, { "Dspex-Id": "order-42" }).id,
    "local.x.order-42",
  );
});

test("a broken message - is shown with the reason", () => {
  assert.match(line(event("dspex.result.local.c.1", "{broken")), /result +cannot be read: /);
});

test("an event of a later version - is shown with its data", () => {
  const later = event("dspex.event.budget.local.exceeded", { data: { usd: 3 } });
  assert.match(line(later), /budget\.exceeded +local {2}\{"usd":3\}/);
});

test("a long line - ends where the terminal does", () => {
  const long = event("dspex.request.local.answer", { question: "why? ".repeat(100) });
  assert.ok(line(long, 80).length <= 82);
  assert.ok(line(long, 80).endsWith("…"));
});

for (const [ms, text] of [
  [3, "+3 ms"],
  [1_240, "+1.24 s"],
  [125_000, "+2 m 05 s"],
] as const) {
  test(`a time since the first event - ${text}`, () => {
    assert.equal(relative(ms), text);
  });
}

test("a filter by type - leaves out what the server can leave out", () => {
  assert.deepEqual(subjectsOf({ types: ["request", "worker.lost"], user: "ada" }), [
    "dspex.request.ada.*",
    "dspex.event.worker.>",
  ]);
});

test("a filter by type - takes an entity, a verb, or the type of the envelope", () => {
  const lost = event("dspex.event.worker.lost", { type: "dspex.worker.lost.v1", data: {} });
  for (const type of ["worker", "worker.lost", "dspex.worker.lost.v1"])
    assert.ok(matches(lost, { types: [type] }), type);
  assert.ok(!matches(lost, { types: ["worker.started"] }));
});
