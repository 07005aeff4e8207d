import assert from "node:assert/strict";
import { test } from "node:test";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { createLogger, requestFields } from "./logger.ts";
import { prettyLine } from "./pretty-line.ts";
import { extract } from "./trace-context.ts";

function lines() {
  const written: string[] = [];
  return { write: (text: string) => written.push(text), written };
}

test("a logger - writes JSON with its level's name and hides secrets", () => {
  const output = lines();
  createLogger({ output }).info({ part: "app", user: { password: "p" }, password: "p" }, "hello");
  const line = JSON.parse(output.written[0] as string);
  assert.equal(line.level, "info");
  assert.equal(line.msg, "hello");
  assert.equal(line.password, "[secret]");
  assert.equal(line.user.password, "[secret]");
});

test("a logger - inside a span its lines carry the trace", () => {
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  const output = lines();
  const parent = extract("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  const span = trace.wrapSpanContext(trace.getSpanContext(parent) as never);
  context.with(trace.setSpan(parent, span), () => createLogger({ output }).warn("in a span"));
  context.disable();
  assert.equal(JSON.parse(output.written[0] as string).traceId, "0af7651916cd43dd8448eb211c80319c");
});

test("a line about a request - leads to it and to its trace", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.deepEqual(requestFields("u.c.1", traceparent), {
    requestId: "u.c.1",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
  });
  assert.deepEqual(requestFields(undefined, "broken"), {});
});

test("a pretty line - is short, and what is no JSON stays as it is", () => {
  const line = prettyLine(
    JSON.stringify({
      level: "warn",
      time: "2026-01-01T10:00:00Z",
      part: "supervisor",
      msg: "lost",
      pool: "general",
      why: "a b",
      err: { code: "worker_lost", message: "gone" },
    }),
    false,
  );
  assert.match(
    line,
    /^\d\d:\d\d:\d\d {2}warn {3}supervisor {2}lost {2}pool=general why="a b" {2}worker_lost: gone\n$/,
  );
  assert.equal(prettyLine("plain\n", false), "plain\n");
});
