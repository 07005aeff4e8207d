// The wire formats of providers that are no OpenAI-compatible chat, each for one path of `startFakeModelServer`:
// Anthropic's messages and OpenAI's responses, whole or streamed, with what they were asked.

import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { type FakeEndpoint, type FakeEndpoints, sendJson } from "./fake-model-server.ts";

export interface FakeProvider {
  readonly endpoints: FakeEndpoints;
  readonly requests: readonly { body: Record<string, unknown>; headers: IncomingHttpHeaders }[];
  /** For the next requests, one each, before the usual answer. */
  next(...answers: FakeEndpoint[]): void;
}

interface Logprob {
  token: string;
  logprob: number;
}

const TOKENS = { input_tokens: 11, output_tokens: 7 };

export function fakeAnthropic(text: string): FakeProvider {
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-fake-2026",
    stop_sequence: null,
  };
  return provider("/v1/messages", ({ stream }, response) => {
    if (stream !== true) {
      const content = [{ type: "text", text }];
      sendJson(response, 200, { ...message, content, stop_reason: "end_turn", usage: TOKENS });
      return;
    }
    const delta = (piece: string) => ({ index: 0, delta: { type: "text_delta", text: piece } });
    sendEvents(response, [
      ["message_start", { message: { ...message, content: [], stop_reason: null, usage: TOKENS } }],
      ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }],
      ...pieces(text).map((piece): Event => ["content_block_delta", delta(piece)]),
      ["content_block_stop", { index: 0 }],
      ["message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: TOKENS }],
      ["message_stop", {}],
    ]);
  });
}

/** `logprobs`: of the answer's first token, told where they are asked for. */
export function fakeOpenai(text: string, logprobs?: readonly Logprob[]): FakeProvider {
  const head = { id: "resp_1", object: "response", created_at: 1, model: "gpt-fake-2026", error: null };
  return provider("/v1/responses", ({ stream, top_logprobs }, response) => {
    const told = top_logprobs === undefined || logprobs === undefined ? [] : logprobs;
    const part = {
      type: "output_text",
      text,
      annotations: [],
      ...(told.length > 0 && { logprobs: [{ ...told[0], top_logprobs: told }] }),
    };
    const item = { id: "msg_1", type: "message", role: "assistant", status: "completed" };
    const done = { ...head, status: "completed", incomplete_details: null, usage: TOKENS };
    if (stream !== true) {
      sendJson(response, 200, { ...done, output: [{ ...item, content: [part] }] });
      return;
    }
    const place = { item_id: item.id, output_index: 0, content_index: 0 };
    sendEvents(response, [
      ["response.created", { response: { ...head, status: "in_progress", output: [] } }],
      ["response.output_item.added", { output_index: 0, item: { ...item, content: [] } }],
      ...pieces(text).map((delta): Event => ["response.output_text.delta", { ...place, delta }]),
      ["response.output_item.done", { output_index: 0, item: { ...item, content: [part] } }],
      ["response.completed", { response: { ...done, output: [{ ...item, content: [part] }] } }],
    ]);
  });
}

/** An error as both tell it, with a pause that the client is asked for. */
export function refuses(status: number, message: string, retryAfter?: number): FakeEndpoint {
  return (_, response) => {
    const headers = retryAfter === undefined ? {} : { "retry-after": `${retryAfter}` };
    const error = { type: "error", message, code: null, param: null };
    sendJson(response, status, { type: "error", error }, headers);
  };
}

function provider(path: string, usual: FakeEndpoint): FakeProvider {
  const requests: FakeProvider["requests"][number][] = [];
  const queue: FakeEndpoint[] = [];
  return {
    requests,
    next: (...answers) => void queue.push(...answers),
    endpoints: {
      [path]: (body, response, headers) => {
        requests.push({ body, headers });
        return (queue.shift() ?? usual)(body, response, headers);
      },
    },
  };
}

type Event = [type: string, data: object];

function sendEvents(response: ServerResponse, events: readonly Event[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [type, data] of events)
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  response.end();
}

function pieces(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}
