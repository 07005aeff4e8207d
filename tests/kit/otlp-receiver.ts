// A receiver of OTLP over HTTP, as Jaeger is one: keeps the spans that exporters send, and their bytes for looking
// for what must never be in them.
//
//   await using receiver = await startOtlpReceiver();
//   const spans = await receiver.trace(traceId, (trace) => trace.length === 5);

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { decodeSpans, type ReceivedSpan } from "./otlp-spans.ts";
import { until } from "./until.ts";

export interface OtlpReceiver extends AsyncDisposable {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** Of each export. */
  readonly paths: readonly string[];
  /** The bytes of all exports; names and texts stand in them as they are. */
  text(): string;
  /** A trace's spans by start, once `isComplete` says that all are there: each process sends its own, batch by batch. */
  trace(traceId: string, isComplete: (spans: ReceivedSpan[]) => boolean): Promise<ReceivedSpan[]>;
}

const TRACE_DEADLINE_MS = 60_000;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const bodies: Buffer[] = [];
  const paths: string[] = [];
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    paths.push(request.url ?? "");
    bodies.push(body);
    spans.push(...decodeSpans(body));
    response.setHeader("content-type", "application/x-protobuf").end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const traceOf = (traceId: string): ReceivedSpan[] =>
    spans.filter((span) => span.traceId === traceId).sort(byStart);
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    paths,
    text: () => Buffer.concat(bodies).toString("latin1"),
    async trace(traceId, isComplete) {
      await until(() => isComplete(traceOf(traceId)), TRACE_DEADLINE_MS).catch((error: unknown) => {
        const names = traceOf(traceId).map(({ service, name }) => `${service} ${name}`);
        throw new Error(`trace ${traceId} is not complete, it has: ${names.join(", ")}`, { cause: error });
      });
      return traceOf(traceId);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A parent that began in the same instant as its child comes first. */
function byStart(a: ReceivedSpan, b: ReceivedSpan): number {
  return Number(a.startedAt - b.startedAt) || Number(b.endedAt - a.endedAt);
}
