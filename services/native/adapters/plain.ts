// Plain calls: a prompt template in, text out, which is the signature's one output. The only adapter that streams.

import { streamText } from "ai";
import { DspexError } from "../../../schemas/errors.ts";
import { type Signature, validateOutputs } from "../../../schemas/signature/mod.ts";
import type { ModelAdapter, ModelRequest } from "./adapter.ts";
import { type CallInProgress, callModel, checkFinish } from "./model-call.ts";
import { plainMessages, problemText } from "./prompt.ts";
import type { ModelSource } from "./provider.ts";
import { readUsage } from "./usage.ts";

export function createPlainAdapter(source: ModelSource): ModelAdapter {
  return {
    name: "plain",
    call: (request) =>
      callModel(request, source, async (call) => {
        const output = textOutput(request.signature);
        const { text, ...told } = await readStream(request, call);
        const validated = validateOutputs(request.signature, { [output]: text });
        if (validated.ok) return { ...told, text, outputs: validated.value };
        throw new DspexError("output_invalid", validated.problems.map(problemText).join("; "), {
          path: validated.problems[0]?.path,
          details: { problems: validated.problems },
        });
      }),
  };
}

async function readStream(request: ModelRequest, call: CallInProgress) {
  const { model, settings, onDelta } = request;
  if (settings.prompt === undefined)
    throw new DspexError("invalid_inputs", "a plain call needs a prompt template");
  const result = streamText({
    ...call.options,
    messages: plainMessages(request, settings.prompt),
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
      // Many models begin with a blank line.
      const piece = text === "" ? part.text.trimStart() : part.text;
      text += piece;
      if (piece !== "") await onDelta?.(piece);
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
  return { text: text.trimEnd(), finishReason, modelId, firstTokenMs };
}

function textOutput({ outputs }: Signature): string {
  const [only] = outputs;
  const type = only?.type.kind === "optional" ? only.type.of : only?.type;
  if (outputs.length !== 1 || only === undefined || type?.kind !== "str")
    throw new DspexError("invalid_inputs", "a plain call gives text: its signature must have one str output");
  return only.name;
}
