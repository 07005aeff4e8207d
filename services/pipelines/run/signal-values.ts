// What a signal brings, held against what the stages that wait for it want. Pure.

import { stringifyJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import { validateOutputs } from "../../../schemas/signature/values.ts";
import type { Compiled } from "../definition/compiled.ts";
import { RUN_BOUNDS } from "./bounds.ts";

/** With defaults. @throws DspexError `not_found`, `invalid_inputs`, `payload_too_large` */
export function signalValues(
  { stages }: Compiled,
  signal: string,
  data: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  const waiting = stages.filter(({ stage }) => stage.kind === "signal" && stage.signal === signal);
  const [first] = waiting;
  if (first === undefined)
    throw new DspexError("not_found", `no stage waits for a signal "${signal}"`, { path: "signal" });
  const bytes = data === undefined ? 0 : Buffer.byteLength(stringifyJson(data));
  if (bytes > RUN_BOUNDS.signalBytes)
    throw new DspexError(
      "payload_too_large",
      `the signal brings ${bytes} bytes, at most ${RUN_BOUNDS.signalBytes}`,
      {
        path: "data",
      },
    );
  const fields = first.fields ?? [];
  if (fields.length === 0) return data;
  const outputs = [...fields];
  const checked = validateOutputs({ inputs: outputs, outputs }, data ?? {});
  if (checked.ok) return checked.value;
  const [problem] = checked.problems;
  throw new DspexError(
    "invalid_inputs",
    `signal "${signal}": ${problem?.path.replace(/^outputs/, "data")}: expected ${problem?.expected}, got ${problem?.got}`,
    { path: "data" },
  );
}
