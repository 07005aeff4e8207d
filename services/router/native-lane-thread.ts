// The inside of a lane: imports the application's configuration and runs its functions, one at a time.

import { parentPort, workerData } from "node:worker_threads";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { checkOutputs } from "../native/modules/validators/mod.ts";
import { loadConfig } from "../programs/load-config.ts";
import type { LaneCheck, LaneReply, LaneRequest } from "./native-lanes.ts";

const port = parentPort;
if (port === null) throw new Error("native-lane-thread.ts runs as a worker thread only");

const { functions } = await loadConfig((workerData as { configPath: string }).configPath);
const never = new AbortController().signal;

async function answer(request: LaneRequest | LaneCheck): Promise<unknown> {
  if ("validators" in request) return checkOutputs(request.validators, request.inputs, request.outputs);
  const { program, implementation, inputs, variables } = request;
  const run = functions.get(`${program}/${implementation}`);
  if (run === undefined)
    throw new DspexError("module_not_found", `no function "${implementation}" of "${program}"`);
  return run(inputs, { signal: never, variables });
}

port.on("message", async (request: LaneRequest | LaneCheck) => {
  let reply: LaneReply;
  try {
    reply = { outputs: await answer(request) };
  } catch (thrown) {
    reply = { error: asDspexError(thrown).toWire() };
  }
  try {
    port.postMessage(reply);
  } catch (thrown) {
    // Outputs that cannot be cloned (functions, sockets) are none.
    port.postMessage({
      error: new DspexError("output_invalid", `outputs cannot be sent: ${(thrown as Error).message}`, {
        retryable: false,
      }).toWire(),
    });
  }
});
port.postMessage({ ready: true } satisfies LaneReply);
