// The inside of a lane: imports the application's configuration and runs its functions, one at a time.

import { parentPort, workerData } from "node:worker_threads";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { loadConfig } from "../programs/load-config.ts";
import type { LaneReply, LaneRequest } from "./native-lanes.ts";

const port = parentPort;
if (port === null) throw new Error("native-lane-thread.ts runs as a worker thread only");

const { functions } = await loadConfig((workerData as { configPath: string }).configPath);
const never = new AbortController().signal;

port.on("message", async (request: LaneRequest) => {
  let reply: LaneReply;
  try {
    const run = functions.get(`${request.program}/${request.implementation}`);
    if (run === undefined)
      throw new DspexError(
        "module_not_found",
        `no function "${request.implementation}" of "${request.program}"`,
      );
    reply = { outputs: await run(request.inputs, { signal: never, variables: request.variables }) };
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
