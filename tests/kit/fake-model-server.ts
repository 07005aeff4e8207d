// A server with OpenAI's wire protocol that says what a test tells it to, whole or streamed, well or badly.
//
//   await using server = await startFakeModelServer(says("hello"));
//   server.next(rateLimited(3), says("the second call gets this"));   // then the first answer again

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text as readText } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { type Model, modelSchema } from "../../schemas/config/models.ts";

export interface ChatRequest {
  model: string;
  messages: { role: string; content: unknown }[];
  stream?: boolean;
  max_tokens?: number;
  temperature?: number;
  stop?: string[];
  response_format?: { type: string; json_schema?: { schema: unknown; strict?: boolean } };
  logprobs?: boolean;
  top_logprobs?: number;
  /** llama.cpp's own. */
  id_slot?: number;
  /** Not of the body: the header. */
  authorization: string | undefined;
}

/** What the server does with one request. */
export type FakeAnswer = (request: ChatRequest, response: ServerResponse) => void | Promise<void>;

interface Said {
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  finish?: string;
  /** Between the pieces of a stream, ms. */
  gapMs?: number;
  /** Awaited before each piece of a stream, such as `Steps.pass`. */
  before?: (piece: number) => Promise<void> | void;
  /** Log-probabilities of its first token, where they are asked for. */
  top?: Readonly<Record<string, number>>;
}

const USAGE = { prompt_tokens: 11, completion_tokens: 7 };

/** An ordinary answer; a stream gets one piece for each text. */
export function says(
  pieces: string | string[],
  { usage = USAGE, finish = "stop", gapMs = 0, before, top }: Said = {},
): FakeAnswer {
  const texts = typeof pieces === "string" ? [pieces] : pieces;
  const head = { id: "chatcmpl-1", created: 1, model: "fake-model-2026" };
  return async (request, response) => {
    if (request.stream !== true) {
      sendJson(response, 200, {
        ...head,
        object: "chat.completion",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: texts.join("") },
            finish_reason: finish,
            ...(request.logprobs === true && top !== undefined && { logprobs: logprobs(top) }),
          },
        ],
        ...(usage !== null && {
          usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
        }),
      });
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = (data: unknown) =>
      response.write(`data: ${JSON.stringify({ ...head, ...(data as object) })}\n\n`);
    for (const [piece, content] of texts.entries()) {
      await before?.(piece);
      event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
      if (gapMs > 0) await pause(gapMs);
      if (response.destroyed) return;
    }
    event({ choices: [{ index: 0, delta: {}, finish_reason: finish }] });
    if (usage !== null) event({ choices: [], usage });
    response.end("data: [DONE]\n\n");
  };
}

function logprobs(top: Readonly<Record<string, number>>) {
  const tokens = Object.entries(top).map(([token, logprob]) => ({ token, logprob }));
  return { content: [{ ...tokens[0], top_logprobs: tokens }] };
}

/** An error answer in OpenAI's form. */
export function fails(status: number, message: string, more: Record<string, unknown> = {}): FakeAnswer {
  return (_, response) =>
    sendJson(response, status, { error: { message, type: "error", code: null, ...more } });
}

export function rateLimited(retryAfter: number | string, message = "Rate limit reached"): FakeAnswer {
  return (_, response) =>
    sendJson(
      response,
      429,
      { error: { message, type: "rate_limit_error" } },
      { "retry-after": `${retryAfter}` },
    );
}

/** As hosted servers do it: the refused key stands in the message. */
export const refusesKey: FakeAnswer = ({ authorization }, response) =>
  sendJson(response, 401, {
    error: { message: `Incorrect API key provided: ${authorization?.replace("Bearer ", "")}`, type: "auth" },
  });

/** As llama.cpp says it. */
export const contextExceededByLlama: FakeAnswer = fails(
  400,
  "request (5031 tokens) exceeds the available context size (2048 tokens), try increasing it",
  { type: "exceed_context_size_error", code: 400, n_prompt_tokens: 5031, n_ctx: 2048 },
);
/** As OpenAI says it. */
export const contextExceededByOpenai: FakeAnswer = fails(
  400,
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  { code: "context_length_exceeded" },
);

/** Never answers. */
export const hangs: FakeAnswer = () => undefined;
/** Status 200 and something that is no JSON. */
export const garbage: FakeAnswer = (_, response) => void response.end("<html>welcome to the wi-fi</html>");
/** JSON that is no chat completion. */
export const otherJson: FakeAnswer = (_, response) => sendJson(response, 200, { hello: "world" });
/** Ends the connection without an answer. */
export const disconnects: FakeAnswer = (_, response) => void response.destroy();
/** Ends the connection in the middle of a stream; whole answers end before they begin. */
export const breaksOff: FakeAnswer = (request, response) => {
  if (request.stream !== true) return void response.destroy();
  response.writeHead(200, { "content-type": "text/event-stream" });
  const piece = JSON.stringify({
    choices: [{ index: 0, delta: { content: "so far" }, finish_reason: null }],
  });
  response.write(`data: ${piece}\n\n`, () => response.destroy());
};

/** Answers of its other paths, such as `/tokenize`. */
export type FakeEndpoints = Readonly<Record<string, FakeEndpoint>>;
export type FakeEndpoint = (
  body: Record<string, unknown>,
  response: ServerResponse,
  headers: IncomingHttpHeaders,
) => void | Promise<void>;

const CHAT = "/v1/chat/completions";

export interface FakeModelServer extends AsyncDisposable {
  /** With `/v1`. */
  readonly baseUrl: string;
  /** Chats. */
  readonly requests: readonly ChatRequest[];
  /** Connections that were opened so far. */
  readonly connections: number;
  /** Requests whose client went away before the answer was complete. */
  readonly abandoned: number;
  /** For the next requests, one each, before the usual answer. */
  next(...answers: FakeAnswer[]): void;
  model(settings?: Partial<Model>): Model;
}

export async function startFakeModelServer(
  usual: FakeAnswer = says("hello"),
  endpoints: FakeEndpoints = {},
): Promise<FakeModelServer> {
  const requests: ChatRequest[] = [];
  const queue: FakeAnswer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let abandoned = 0;

  const server = createServer((incoming, response) => {
    response.on("close", () => {
      if (!response.writableFinished) abandoned++;
    });
    void answer(incoming, response);
  });
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse((await readText(incoming)) || "{}");
    const path = incoming.url ?? "";
    if (path !== CHAT) {
      const absent = () => sendJson(response, 404, { error: { message: `no ${path}`, code: 404 } });
      await (endpoints[path] ?? absent)(body, response, incoming.headers);
      return;
    }
    const request: ChatRequest = { ...body, authorization: incoming.headers.authorization };
    requests.push(request);
    await (queue.shift() ?? usual)(request, response);
  };
  // A client may ask just when an idle connection is closed, and its attempt fails; nothing here is to happen by chance.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;

  return {
    baseUrl,
    requests,
    get connections() {
      return connections;
    },
    get abandoned() {
      return abandoned;
    },
    next: (...answers) => void queue.push(...answers),
    model: (settings = {}) => ({ ...modelSchema.parse({ model: "fake-model", baseUrl }), ...settings }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "x-request-id": "req-1", ...headers });
  response.end(JSON.stringify(body));
}
