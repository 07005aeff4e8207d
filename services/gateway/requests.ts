// Publishes users' requests and awaits their results, for calls, submissions and tools alike.

import { randomBytes } from "node:crypto";
import { failSpan } from "../../observability/mod.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { connectionRequestId } from "../../schemas/envelope/ids.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { requestSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { createHeaders, type NatsConnection } from "../bus/connect.ts";
import type { Answer, ApiRequest } from "../bus/micro-service.ts";
import { PendingResults } from "../client/pending.ts";
import { startSubmitSpan, traceparentOf } from "../client/trace-context.ts";
import { type Admitted, admit } from "./intake.ts";

export class GatewayRequests {
  /** This gateway's own token in the ids that it gives out. */
  readonly #token = randomBytes(9).toString("hex");
  readonly #appender: Appender;
  readonly #pending: PendingResults;
  #n = 0;

  constructor(connection: NatsConnection, appender: Appender) {
    this.#appender = appender;
    this.#pending = new PendingResults(connection, "*");
    for (const second of [this.#token, "x", "t"]) this.#pending.listen(second);
  }

  get pending(): PendingResults {
    return this.#pending;
  }

  /** Stores the request and waits for its result. */
  async call(user: string, admitted: Admitted): Promise<Result> {
    const result = this.#pending.wait(admitted.id, admitted.deadlineMs);
    // An id of the caller's choosing, or of a tool call delivered again, may have its result already.
    if (!this.#isOwn(admitted.id)) this.#pending.lookSoon(admitted.id);
    this.store(user, admitted).catch((error: DspexError) => this.#pending.fail(admitted.id, error));
    return this.#isOwn(admitted.id) ? result : refuseOther(await result, admitted);
  }

  async store(user: string, { id, program, body, headers, deadlineMs }: Admitted): Promise<void> {
    const given = headers[HEADER.traceparent];
    const span = startSubmitSpan(user, program, id, given, "gateway");
    const traceparent = traceparentOf(span, given);
    const messageHeaders = createHeaders();
    for (const [name, value] of Object.entries(headers)) messageHeaders.set(name, value);
    if (traceparent !== undefined) messageHeaders.set(HEADER.traceparent, traceparent);
    try {
      await this.#appender.append(requestSubject(user, program), body, {
        headers: messageHeaders,
        timeoutMs: deadlineMs,
      });
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  admit(request: ApiRequest, program: string): Admitted {
    return admit(request, program, () => connectionRequestId(request.user, this.#token, ++this.#n));
  }

  async answerCall(request: ApiRequest): Promise<Answer> {
    const admitted = this.admit(request, programIn(request));
    const result = await this.call(request.user, admitted);
    const headers = { [HEADER.requestId]: result.id };
    if (request.header(HEADER.full) === "1") return { body: result, headers };
    if (result.status === "succeeded") return { body: result.outputs, headers };
    throw result.error === undefined
      ? new DspexError("internal", `${result.id} ${result.status}`)
      : DspexError.fromWire(result.error);
  }

  async answerSubmit(request: ApiRequest): Promise<Answer> {
    const admitted = this.admit(request, programIn(request));
    await this.store(request.user, admitted);
    return { body: { id: admitted.id }, headers: { [HEADER.requestId]: admitted.id } };
  }

  close(): void {
    this.#pending.close();
  }

  #isOwn(id: string): boolean {
    return id.split(".", 2)[1] === this.#token;
  }
}

function programIn(request: ApiRequest): string {
  const program = request.tokens[1];
  if (program === undefined || request.tokens.length !== 2) throw new DspexError("not_found", "no such call");
  return program;
}

/** @throws DspexError `id_conflict` when the id was used before for something else. */
function refuseOther(result: Result, { id, requestHash }: Admitted): Result {
  if (result.requestHash === requestHash || result.requestHash === "") return result;
  throw new DspexError("id_conflict", `${id} was used before with another program, inputs or options`, {
    path: "id",
  });
}
