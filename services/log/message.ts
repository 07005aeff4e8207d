// A message of the log as folds and work handlers see it: bytes that are parsed once, on first use.

import type { JsMsg } from "@nats-io/jetstream";
import { parseJson } from "../../schemas/envelope/json.ts";
import { type DeliveryInfo, deliveryInfo } from "./delivery-info.ts";

export class LogMessage {
  readonly subject: string;
  readonly sequence: number;
  /** The log's timestamp, ms since 1970: the only clock that folds know. */
  readonly timeMs: number;
  readonly data: Uint8Array;
  readonly #message: JsMsg;
  #parsed: unknown;
  #parseError: unknown;
  #isParsed = false;

  constructor(message: JsMsg, { sequence, timeMs }: DeliveryInfo = deliveryInfo(message)) {
    this.subject = message.subject;
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.data = message.data;
    this.#message = message;
  }

  /** A header's value; undefined when absent. */
  header(name: string): string | undefined {
    const headers = this.#message.headers;
    return headers?.has(name) ? headers.get(name) : undefined;
  }

  headerEntries(): Record<string, string> {
    const entries: Record<string, string> = {};
    for (const [key, values] of this.#message.headers ?? []) entries[key] = values.join(",");
    return entries;
  }

  /** Somebody knows what reading the body would give: it is not read. */
  isKnown(json: unknown): void {
    this.#isParsed = true;
    this.#parsed = json;
  }

  /** The body as JSON. @throws whatever `parseJson` throws on bytes that are none, each time again. */
  json(): unknown {
    if (!this.#isParsed) {
      this.#isParsed = true;
      try {
        this.#parsed = parseJson(this.data);
      } catch (error) {
        this.#parseError = error;
      }
    }
    if (this.#parseError !== undefined) throw this.#parseError;
    return this.#parsed;
  }
}
