// Where a reader of a stream is, as a text that it may keep: `1.1.42` is chunk 42 of attempt 1, delivery 1; `1.1.43.final`
// the last one of it; `1.1.42.gap` one before which some were gone; `result.2` the output 2 of the result. Pure.

import { DspexError } from "../../schemas/errors.ts";

export type StreamPosition =
  | { kind: "chunk"; attempt: number; delivery: number; index: number; mark?: "final" | "gap" | undefined }
  | { kind: "output"; index: number };

const CHUNK = /^([1-9]\d{0,8})\.([1-9]\d{0,8})\.(\d{1,9})(?:\.(final|gap))?$/;
const OUTPUT = /^result\.(\d{1,9})$/;

export function formatPosition(position: StreamPosition): string {
  if (position.kind === "output") return `result.${position.index}`;
  const { attempt, delivery, index, mark } = position;
  return `${attempt}.${delivery}.${index}${mark === undefined ? "" : `.${mark}`}`;
}

/** @throws DspexError `invalid_inputs` */
export function parsePosition(text: string): StreamPosition {
  const output = OUTPUT.exec(text);
  if (output !== null) return { kind: "output", index: Number(output[1]) };
  const chunk = CHUNK.exec(text);
  if (chunk === null)
    throw new DspexError(
      "invalid_inputs",
      `${JSON.stringify(text.slice(0, 80))} is no position of a stream`,
      {
        path: "after",
      },
    );
  const [, attempt, delivery, index, mark] = chunk;
  return {
    kind: "chunk",
    attempt: Number(attempt),
    delivery: Number(delivery),
    index: Number(index),
    mark: mark as "final" | "gap" | undefined,
  };
}
