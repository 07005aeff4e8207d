// Structured calls: the answer is JSON held to the signature's schema by the model's server where it can, and checked
// here in any case. An answer that does not fit gets one more turn. Where somebody reads, outputs are handed on while the
// model writes them.

import { generateText, type ModelMessage, type OutputInterface } from "ai";
import { DspexError, isDspexError } from "../../../schemas/errors.ts";
import { type Signature, validateOutputs, type WireValues } from "../../../schemas/signature/mod.ts";
import type { ModelAdapter, ModelRequest } from "./adapter.ts";
import { readAnswer } from "./answer-json.ts";
import { JsonFields } from "./json-fields.ts";
import { type CallInProgress, callModel, checkFinish } from "./model-call.ts";
import { problemText, repairMessages, structuredMessages } from "./prompt.ts";
import type { ModelSource } from "./provider.ts";
import { providerSchema } from "./strict-schema.ts";
import { readTextStream } from "./text-stream.ts";
import { readUsage } from "./usage.ts";

export function createStructuredAdapter(source: ModelSource): ModelAdapter {
  return {
    name: "structured",
    call: (request) =>
      callModel(request, source, async (call) => {
        const messages = structuredMessages(request);
        const first = await takeTurn(request, call, messages);
        const checked = call.check(() => checkAnswer(first.text, request.signature));
        if ("outputs" in checked) return { ...first, outputs: checked.outputs };
        request.stream?.restart();
        const again = [...messages, ...repairMessages(first.text, checked.problems)];
        const second = await takeTurn(request, call, again);
        const repaired = call.check(() => checkAnswer(second.text, request.signature));
        if ("outputs" in repaired) return { ...second, outputs: repaired.outputs };
        throw repaired.error;
      }),
  };
}

async function takeTurn(request: ModelRequest, call: CallInProgress, messages: ModelMessage[]) {
  const { model, signature, stream } = request;
  const { schema, isStrict } = providerSchema(signature);
  const isConstrained = model.capabilities.responseSchema;
  const asked = {
    messages,
    ...(isConstrained && { output: textHeldTo(schema) }),
    ...(isConstrained &&
      !isStrict && { providerOptions: { [call.provided.providerName]: { strictJsonSchema: false } } }),
  };
  if (stream !== undefined) {
    const fields = new JsonFields(signature.outputs);
    return call.ask(() =>
      readTextStream(request, call, asked, async (text) => {
        for (const piece of fields.feed(text)) await stream.write(piece, call.limit.signal);
      }),
    );
  }
  const result = await call.ask(() => generateText({ ...call.options, ...asked }));
  call.spend(readUsage(result.usage, model));
  checkFinish(result.finishReason, request);
  return { text: result.text, finishReason: result.finishReason, modelId: result.response.modelId };
}

type Checked = { outputs: WireValues } | { error: DspexError; problems: string[] };

function checkAnswer(text: string, signature: Signature): Checked {
  let wire: unknown;
  try {
    wire = readAnswer(text, signature);
  } catch (error) {
    if (!isDspexError(error)) throw error;
    return { error, problems: [error.message] };
  }
  const validated = validateOutputs(signature, wire);
  if (validated.ok) return { outputs: validated.value };
  const problems = validated.problems.map(problemText);
  const error = new DspexError("output_invalid", problems.slice(0, 3).join("; "), {
    path: validated.problems[0]?.path,
    details: { problems: validated.problems },
  });
  return { error, problems };
}

/**
 * The SDK's own object output parses numbers to doubles; this one only asks for the format and leaves the text to us,
 * who keep every digit.
 */
function textHeldTo(
  schema: ReturnType<typeof providerSchema>["schema"],
): OutputInterface<string, string, never> {
  return {
    name: "json-text",
    responseFormat: Promise.resolve({ type: "json", schema, name: "response" }),
    parseCompleteOutput: async ({ text }) => text,
    parsePartialOutput: async ({ text }) => ({ partial: text }),
    createElementStreamTransform: () => undefined,
  };
}
