// A trace as text, and what tests look for in its spans and in the lines of logs.

import assert from "node:assert/strict";
import { formatTraceparent } from "../../observability/mod.ts";
import type { ReceivedSpan } from "../kit/otlp-spans.ts";

/** `service: name (kind)`, a consumer with `<-` where it is linked to its parent; children below, by their start. */
export function treeOf(spans: readonly ReceivedSpan[], parentSpanId?: string, indent = ""): string {
  const level =
    parentSpanId === undefined ? rootsOf(spans) : spans.filter((span) => span.parentSpanId === parentSpanId);
  return level
    .map((span) => {
      const linked = span.links[0]?.spanId === span.parentSpanId ? " <-" : "";
      const line = `${indent}${span.service}: ${span.name} (${span.kind})${linked}`;
      const below = treeOf(spans, span.spanId, `${indent}  `);
      return below === "" ? line : `${line}\n${below}`;
    })
    .join("\n");
}

/** The one span whose parent is not among them; not the first by time, as clocks of processes differ. */
export function rootOf(spans: readonly ReceivedSpan[]): ReceivedSpan {
  const [root, ...others] = rootsOf(spans);
  assert.ok(root !== undefined && others.length === 0, `not one tree:\n${treeOf(spans)}`);
  return root;
}

function rootsOf(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const ids = new Set(spans.map((span) => span.spanId));
  return spans.filter((span) => !ids.has(span.parentSpanId));
}

export function briefly(tree: string): string {
  return tree.replaceAll("dspex-", "");
}

export function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.find((span) => span.name === name);
  assert.ok(found !== undefined, `no span "${name}" in ${spans.map((span) => span.name).join(", ")}`);
  return found;
}

export function assertAttributes(span: ReceivedSpan, expected: Record<string, unknown>): void {
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, span.attributes[name]]));
  assert.deepEqual(found, expected);
}

export function traceparentOf({ traceId, spanId }: ReceivedSpan): string {
  return formatTraceparent({ traceId, spanId, traceFlags: 1 });
}

/** How many events have each `<trace id>-<flags>`. */
export async function traceIdsOf(events: AsyncIterable<object>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const event of events) {
    const [, traceId, , flags] = String((event as { traceparent?: string }).traceparent).split("-");
    const key = `${traceId}-${flags}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Lines of JSON in a log; the last one may be on its way still. */
export function linesOf(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
