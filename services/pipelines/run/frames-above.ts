// Frames around a frame, and the stages whose bodies they are. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { type Compiled, type CompiledStage, graphAt, stageAt } from "../definition/compiled.ts";
import type { Frame, Run } from "./state.ts";

/** The frame `up` frames around the one at `path`. */
export function frameAbove(run: Run, path: string, up: number): Frame {
  let frame = run.frames.get(path);
  for (let n = 0; n < up && frame?.parent !== undefined; n++) frame = run.frames.get(frame.parent);
  if (frame === undefined) throw new DspexError("internal", `no frame "${path}" in run ${run.run}`);
  return frame;
}

/** The stage whose body the frame is. */
export function ownerOf(compiled: Compiled, { graph }: Frame): CompiledStage {
  return stageAt(compiled, graphAt(compiled, graph).owner as number);
}
