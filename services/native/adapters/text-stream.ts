// One turn of a model that is read while it is written.

import { type ModelMessage, streamText } from "ai";
import type { ModelRequest } from "./adapter.ts";
import { type CallInProgress, checkFinish } from "./model-call.ts";
import { readUsage } from "./usage.ts";

type Asked = Pick<Parameters<typeof streamText>[0], "output" | "providerOptions"> & {
  messages: ModelMessage[];
};

/** `onText` is awaited: the model is read no faster than that. */
export async function readTextStream(
  request: ModelRequest,
  call: CallInProgress,
  asked: Asked,
  onText: (text: string) => Promise<void>,
) {
  const { model } = request;
  const result = streamText({
    ...call.options,
    ...asked,
    // Errors come as parts of the stream; the SDK would also print them.
    onError: () => undefined,
  });
  let text = "";
  let firstTokenMs: number | undefined;
  let finishReason = "other";
  let modelId = model.model;
  for await (const part of result.stream) {
    if (part.type === "text-delta") {
      firstTokenMs ??= call.limit.elapsedMs;
      text += part.text;
      await onText(part.text);
    } else if (part.type === "finish-step") {
      modelId = part.response.modelId;
      finishReason = part.finishReason;
      call.spend(readUsage(part.usage, model));
    } else if (part.type === "error") {
      throw part.error;
    }
  }
  // An abort ends the stream like a last word.
  call.limit.signal.throwIfAborted();
  checkFinish(finishReason, request);
  return { text, finishReason, modelId, firstTokenMs };
}
