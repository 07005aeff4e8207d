// Spans out of the protobuf of an OTLP export: the wire format of opentelemetry-proto's trace.proto, as much of it as
// tests look at. OpenTelemetry's own JavaScript packages write this form and cannot read it.

export type SpanKindName = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";
export type SpanAttributes = Record<string, string | number | boolean | undefined>;

export interface ReceivedSpan {
  service: string;
  resource: SpanAttributes;
  name: string;
  kind: SpanKindName;
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace. */
  parentSpanId: string;
  /** Nanoseconds since 1970. */
  startedAt: bigint;
  endedAt: bigint;
  attributes: SpanAttributes;
  links: { traceId: string; spanId: string }[];
  events: { name: string; attributes: SpanAttributes }[];
  failed: boolean;
  statusMessage: string;
}

const KINDS: readonly SpanKindName[] = [
  "unspecified",
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
];
const STATUS_ERROR = 2n;

/** @throws RangeError where the bytes are cut off. */
export function decodeSpans(body: Uint8Array): ReceivedSpan[] {
  return parts(read(body), 1).flatMap((resourceSpans) => {
    const [resource] = parts(resourceSpans, 1);
    const attributes = resource === undefined ? {} : attributesIn(resource, 1);
    const scopes = parts(resourceSpans, 2);
    return scopes.flatMap((scope) => parts(scope, 2).map((span) => spanOf(span, attributes)));
  });
}

function spanOf(span: Fields, resource: SpanAttributes): ReceivedSpan {
  const [status] = parts(span, 15);
  return {
    service: String(resource["service.name"]),
    resource,
    name: text(span, 5),
    kind: KINDS[Number(number(span, 6))] ?? "unspecified",
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    parentSpanId: hex(span, 4),
    startedAt: number(span, 7),
    endedAt: number(span, 8),
    attributes: attributesIn(span, 9),
    links: parts(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    events: parts(span, 11).map((event) => ({ name: text(event, 2), attributes: attributesIn(event, 3) })),
    failed: status !== undefined && number(status, 3) === STATUS_ERROR,
    statusMessage: status === undefined ? "" : text(status, 2),
  };
}

function attributesIn(message: Fields, field: number): SpanAttributes {
  return Object.fromEntries(
    parts(message, field).map((attribute) => {
      const [value] = parts(attribute, 2);
      return [text(attribute, 1), value === undefined ? undefined : anyValue(value)];
    }),
  );
}

/** Of lists and maps, which DSPex does not send, only that they are there. */
function anyValue(value: Fields): string | number | boolean | undefined {
  if (value.has(1)) return text(value, 1);
  if (value.has(2)) return number(value, 2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, number(value, 3)));
  if (value.has(4)) return new Float64Array(BigUint64Array.of(number(value, 4)).buffer)[0];
  return undefined;
}

/** Values of a message by field number: numbers as bigints, everything with a length as its bytes. */
type Fields = Map<number, (bigint | Uint8Array)[]>;

function parts(message: Fields, field: number): Fields[] {
  return (message.get(field) ?? []).map((value) => read(value as Uint8Array));
}

function text(message: Fields, field: number): string {
  return Buffer.from((message.get(field)?.[0] ?? []) as Uint8Array).toString();
}

function hex(message: Fields, field: number): string {
  return Buffer.from((message.get(field)?.[0] ?? []) as Uint8Array).toString("hex");
}

function number(message: Fields, field: number): bigint {
  return (message.get(field)?.[0] ?? 0n) as bigint;
}

function read(bytes: Uint8Array): Fields {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytesOf = (length: number): Uint8Array => {
    at += length;
    if (at > view.length) throw new RangeError(`a field of ${length} bytes ends behind the message`);
    return view.subarray(at - length, at);
  };
  const value = (wireType: number): bigint | Uint8Array => {
    if (wireType === 0) return varint();
    if (wireType === 1) return Buffer.from(bytesOf(8)).readBigUInt64LE();
    if (wireType === 2) return bytesOf(Number(varint()));
    if (wireType === 5) return BigInt(Buffer.from(bytesOf(4)).readUInt32LE());
    throw new RangeError(`no wire type ${wireType}`);
  };
  while (at < view.length) {
    const tag = Number(varint());
    const values = fields.get(tag >>> 3);
    if (values === undefined) fields.set(tag >>> 3, [value(tag & 7)]);
    else values.push(value(tag & 7));
  }
  return fields;
}
