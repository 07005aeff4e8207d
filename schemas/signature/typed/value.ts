// TypeScript values that are more than primitives, and what a signature's side looks like from the other end.

/** `ref` names an object in the bucket. */
export type ImageValue = { url: string } | { ref: ReferenceBody };

export interface ReferenceBody {
  bucket: string;
  key: string;
  sizeBytes: number;
  sha256: string;
  contentType: string;
}

export type HistoryValue = { inputs: Record<string, unknown>; outputs: Record<string, unknown> }[];

/**
 * What a program receives for what an application may give: every field is there (defaults filled in, absent
 * optional ones null), ints are numbers and datetimes are Dates.
 */
export type Received<Given> = unknown extends Given
  ? Given
  : Includes<Given, Date | string> extends true
    ? Exclude<Given, string | undefined>
    : Includes<Given, number | bigint> extends true
      ? Exclude<Given, bigint | undefined>
      : ReceivedEach<Given>;

type Includes<Sum, Part> = [Part] extends [Sum] ? true : false;

type ReceivedEach<Given> = Given extends undefined
  ? never
  : Given extends string | number | bigint | boolean | null | Date | Uint8Array | ImageValue
    ? Given
    : Given extends (infer Item)[]
      ? Received<Item>[]
      : { [Key in keyof Given]-?: Received<Given[Key]> };
