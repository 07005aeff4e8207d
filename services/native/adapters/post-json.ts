// Asks a model's server directly for what the AI SDK has no words for. What goes wrong is thrown as the SDK's own error,
// so that errors.ts maps it once for all.

import { APICallError } from "ai";
import { isPlainObject } from "../../../schemas/envelope/json-value.ts";

export interface PostOptions {
  apiKey?: string | undefined;
  signal: AbortSignal;
}

/** @throws APICallError, with the server's status where it answered. */
export async function postJson(
  url: string,
  body: unknown,
  { apiKey, signal }: PostOptions,
): Promise<Record<string, unknown>> {
  const response = await connected(
    url,
    fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      signal,
    }),
  );
  const text = await response.text();
  const answer = parse(text);
  if (response.ok && isPlainObject(answer)) return answer;
  throw new APICallError({
    message: response.ok ? "no JSON object" : (messageOf(answer) ?? response.statusText),
    url,
    // Not the prompt: errors are kept in logs.
    requestBodyValues: {},
    statusCode: response.status,
    responseHeaders: Object.fromEntries(response.headers),
    responseBody: text,
  });
}

/** fetch says no more than "fetch failed" and has the reason as its cause. */
async function connected(url: string, asking: Promise<Response>): Promise<Response> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof TypeError) || !(error.cause instanceof Error)) throw error;
    const message = `cannot connect: ${error.cause.message}`;
    throw new APICallError({ message, url, requestBodyValues: {} });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{error: {message}}`, as OpenAI and llama.cpp say it. */
function messageOf(answer: unknown): string | undefined {
  const error = isPlainObject(answer) ? answer.error : undefined;
  const message = isPlainObject(error) ? error.message : error;
  return typeof message === "string" ? message : undefined;
}
