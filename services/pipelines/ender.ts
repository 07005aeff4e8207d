// The end of a run: its result, so that it can be stored, and word of it to whoever waits.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { asDspexError } from "../../schemas/errors.ts";
import type { PipelineResult } from "../../schemas/messages/pipeline-event.ts";
import { liveRunSubject } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { RunAppend } from "./decide.ts";
import type { PipelinesEvent } from "./event.ts";
import { stepError } from "./run/fail-stage.ts";
import type { Run } from "./run/state.ts";

type Finished = Extract<RunAppend, { verb: "finished" }>;

/** Who would wait for a run that ended before that asks anyway. */
const TOLD_MS = 60_000;

export class Ender {
  readonly #connection: Pick<NatsConnection, "publish" | "isClosed">;
  readonly #claims: Pick<ClaimCheck, "shrink">;

  constructor(connection: Pick<NatsConnection, "publish" | "isClosed">, claims: Pick<ClaimCheck, "shrink">) {
    this.#connection = connection;
    this.#claims = claims;
  }

  /** Outputs that are too large for a message travel as references; those that cannot, make it fail. @throws `unavailable` */
  async fitting(run: Run, { verb, data }: Finished): Promise<Finished> {
    if (data.outputs === undefined) return { verb, data };
    try {
      return { verb, data: { ...data, outputs: await this.#claims.shrink(data.outputs, run.user) } };
    } catch (thrown) {
      const error = asDspexError(thrown);
      if (error.code !== "payload_too_large") throw error;
      const { outputs: _outputs, ...rest } = data;
      const failed: PipelineResult = { ...rest, status: "failed", error: stepError(error.toWire()) };
      return { verb, data: failed };
    }
  }

  /** Tells those who wait that there is something to ask for; whoever misses it asks again in a while. */
  tell({ user, name, timeMs, data }: Extract<PipelinesEvent, { kind: "finished" }>): void {
    if (Date.now() - timeMs < TOLD_MS) this.#publish(user, name, data.status);
  }

  /** The service is there (again): who asked the one before asks this one. */
  tellOn({ user, run }: Pick<Run, "user" | "run">): void {
    this.#publish(user, run, "running");
  }

  #publish(user: string, run: string, status: string): void {
    if (!this.#connection.isClosed())
      this.#connection.publish(liveRunSubject(user, run), stringifyJson({ run, status }));
  }
}
