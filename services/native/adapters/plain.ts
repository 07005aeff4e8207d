// Plain calls: a prompt template in, text out, which is the signature's one output.

import { DspexError } from "../../../schemas/errors.ts";
import { type Signature, validateOutputs } from "../../../schemas/signature/mod.ts";
import type { ModelAdapter, ModelRequest } from "./adapter.ts";
import { type CallInProgress, callModel } from "./model-call.ts";
import { plainMessages, problemText } from "./prompt.ts";
import type { ModelSource } from "./provider.ts";
import { readTextStream } from "./text-stream.ts";

export function createPlainAdapter(source: ModelSource): ModelAdapter {
  return {
    name: "plain",
    call: (request) =>
      callModel(request, source, async (call) => {
        const output = textOutput(request.signature);
        const { text, ...told } = await call.ask(() => readText(request, call, output));
        const validated = call.check(() => validateOutputs(request.signature, { [output]: text }));
        if (validated.ok) return { ...told, text, outputs: validated.value };
        throw new DspexError("output_invalid", validated.problems.map(problemText).join("; "), {
          path: validated.problems[0]?.path,
          details: { problems: validated.problems },
        });
      }),
  };
}

async function readText(request: ModelRequest, call: CallInProgress, field: string) {
  const { settings, stream } = request;
  if (settings.prompt === undefined)
    throw new DspexError("invalid_inputs", "a plain call needs a prompt template");
  const asked = { messages: plainMessages(request, settings.prompt) };
  let hasBegun = false;
  const read = await readTextStream(request, call, asked, async (text) => {
    // Many models begin with a blank line.
    const piece = hasBegun ? text : text.trimStart();
    hasBegun ||= piece !== "";
    if (piece !== "") await stream?.write({ field, text: piece }, call.limit.signal);
  });
  return { ...read, text: read.text.trim() };
}

function textOutput({ outputs }: Signature): string {
  const [only] = outputs;
  const type = only?.type.kind === "optional" ? only.type.of : only?.type;
  if (outputs.length !== 1 || only === undefined || type?.kind !== "str")
    throw new DspexError("invalid_inputs", "a plain call gives text: its signature must have one str output");
  return only.name;
}
