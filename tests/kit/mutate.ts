// Messages that nobody should send: random ones, and good ones with something wrong in them. Seeded.

import type { SeededRandom } from "./random.ts";

export type HeaderList = [name: string, value: string][];

const MIB = 1_048_576;
const MAX_BODY = MIB / 2;

const NUMBERS = [
  "1e400",
  "-1e400",
  "1e308",
  "-0",
  "9007199254740993",
  "1".repeat(400),
  "7".repeat(2_000),
  "1E+999",
];
const TEXTS = [
  '"\\ud800"',
  '"\\udfff and more"',
  '"\\u0000"',
  '"\u202e reversed"',
  '""',
  '"__proto__"',
  `"${"x".repeat(70)}"`,
];
const VALUES = [
  "null",
  "true",
  "[]",
  "{}",
  "[[]]",
  "-1",
  "1.5",
  '{"$ref":1}',
  '{"$ref":{"bucket":"DSPEX_VALUE","key":"other/x","sizeBytes":1,"sha256":"00","contentType":"text/plain"}}',
  '{"$bytes":"!"}',
  '{"$image":{"url":7}}',
  '{"toString":1,"constructor":{"prototype":null}}',
];
const KEYS = [
  "__proto__",
  "constructor",
  "toString",
  "id",
  "inputs",
  "",
  "\\ud800",
  "a.b",
  "$ref",
  "\\u005f_proto__",
];
const IDS = [
  "other.x.stolen",
  "other.c.1",
  "local.log.1",
  "local.p.run_0_1",
  "local.x",
  "local.x.a.b",
  "local..1",
  "*",
  "local.*.1",
  ">",
  "shared",
  "x",
  "local.c.0",
  "local.c.99999999999999999999",
  "local.c.9007199254740991",
  "local.x.__proto__",
  "a b",
  "",
];
const HEADERS = [
  "Dspex-Id",
  "Dspex-Session",
  "Dspex-Version",
  "Dspex-Implementation",
  "Dspex-Deadline-Ms",
  "Dspex-Priority",
  "Dspex-Prefer",
  "Dspex-Stream",
  "Dspex-Variables",
  "Dspex-Budget",
  "Dspex-Hedge",
  "Dspex-Full",
  "Dspex-Wait-Ms",
  "traceparent",
  "Nats-Msg-Id",
  "Nats-Rollup",
  "Nats-TTL",
  "Nats-Schedule",
  "Nats-Expected-Stream",
  "Nats-Expected-Last-Sequence",
  "Nats-Expected-Last-Subject-Sequence",
  "Nats-Expected-Last-Subject-Sequence-Subject",
  "Nats-Stream",
  "Nats-Service-Error-Code",
];
const HEADER_VALUES = [
  "",
  "1",
  "0",
  "-1",
  "1e9",
  "NaN",
  "null",
  "{",
  "[]",
  '{"a":1}',
  "speed",
  "\u00e9\u4e2d",
  "a.b.c",
  "sub",
  "DSPEX",
];
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

export class MessageMaker {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** What may stand in a subject's token, good or bad. */
  token(good: readonly string[]): string {
    const random = this.#random;
    if (random.next() < 0.7) return random.pick(good);
    return random.pick([
      "__proto__",
      "constructor",
      "x".repeat(64),
      "x".repeat(300),
      "-",
      "\u4e2d",
      "$JS",
      "log",
    ]);
  }

  /** A body for a program that wants `{key}`, nearly always wrong in some way. */
  body(): Uint8Array {
    const random = this.#random;
    switch (random.between(0, 14)) {
      case 0:
        return random.bytes(random.between(0, 300));
      case 1:
        return this.#truncated(this.#good());
      case 2:
        return this.#flipped(this.#good());
      case 3:
        return text(this.#nested(random.pick([100, 120, 125, 126, 127, 128, 129, 130, 1_000, 50_000])));
      case 4:
        return this.#large();
      case 5:
        return text(
          random.pick(["", " ", "null", "[]", '"q"', "1", "NaN", "{,}", "\ufeff{}", "{'a':1}", "{}//"]),
        );
      case 6:
        return Uint8Array.from([...text('{"key":"'), 0xed, 0xa0, 0x80, ...text('"}')]);
      case 7:
      case 8:
        return text(this.#event());
      case 9:
        return text(`{"key":"a","key":"b"}`);
      case 10:
        return text(this.#good());
      default:
        return text(this.#wrong());
    }
  }

  headers(): HeaderList {
    const random = this.#random;
    if (random.next() < 0.5) return [];
    return Array.from({ length: random.between(1, 4) }, () => this.#header());
  }

  #header(): [string, string] {
    const random = this.#random;
    const name = random.pick(HEADERS);
    if (name === "Dspex-Id") return [name, random.pick(IDS)];
    if (name === "traceparent") {
      return [
        name,
        random.pick([TRACEPARENT, `${TRACEPARENT}-${"x".repeat(300_000)}`, "rubbish", "x".repeat(300_000)]),
      ];
    }
    const value =
      random.next() < 0.05 ? "y".repeat(random.between(1_000, 400_000)) : random.pick(HEADER_VALUES);
    return [name, value];
  }

  #good(): string {
    return `{"key":"${this.#random.between(0, 1e9)}"}`;
  }

  #value(): string {
    const { between, pick } = bound(this.#random);
    return pick([NUMBERS, TEXTS, VALUES])[between(0, 7)] as string;
  }

  #wrong(): string {
    const random = this.#random;
    const members = Array.from({ length: random.between(1, 5) }, () => {
      const key = random.next() < 0.4 ? "key" : random.pick(KEYS);
      return `"${key}":${this.#value()}`;
    });
    return `{${members.join(",")}}`;
  }

  #event(): string {
    const random = this.#random;
    const or = (good: string) => (random.next() < 0.75 ? good : this.#value());
    const data = [
      `"id":${or(JSON.stringify(random.pick([...IDS, "fine", "local.c.7"])))}`,
      `"inputs":${or(random.next() < 0.5 ? this.#good() : this.#wrong())}`,
      ...["session", "version", "deadlineMs", "priority", "prefer", "stream", "variables", "budget", "hedge"]
        .filter(() => random.next() < 0.15)
        .map((option) => `"${option}":${this.#value()}`),
    ];
    const trace = random.next() < 0.1 ? `,"traceparent":"${TRACEPARENT}-${"z".repeat(200_000)}"` : "";
    return `{"specversion":${or('"1.0"')},"id":${or('"e"')},"source":${or('"s"')},"type":${or(
      '"dspex.request.submitted.v1"',
    )}${trace},"data":${or(`{${data.join(",")}}`)}}`;
  }

  #nested(depth: number): string {
    const random = this.#random;
    const inner =
      random.next() < 0.5 ? `${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}` : nestedObject(depth - 1);
    return random.next() < 0.5 ? `{"key":${inner}}` : `{"value":${inner}}`;
  }

  /** Around the largest body, and around the largest message. */
  #large(): Uint8Array {
    const random = this.#random;
    const size = random.pick([MAX_BODY - 12, MAX_BODY - 10, MAX_BODY, MAX_BODY + 1, MIB - 4_096]);
    if (random.next() < 0.5) return text(`{"key":"${"k".repeat(size - 10)}"}`);
    // A member's name may be as long as a value.
    return text(`{"${"n".repeat(size - 6)}":1}`);
  }

  #truncated(body: string): Uint8Array {
    return text(body.slice(0, this.#random.between(0, body.length)));
  }

  #flipped(body: string): Uint8Array {
    const bytes = text(body);
    const at = this.#random.between(0, bytes.length);
    bytes[at] = this.#random.between(0, 256);
    return bytes;
  }
}

function bound(random: SeededRandom) {
  return {
    between: (from: number, to: number) => random.between(from, to),
    pick: <T>(items: readonly T[]) => random.pick(items),
  };
}

function nestedObject(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
