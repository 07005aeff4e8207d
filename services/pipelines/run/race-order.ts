// In which order a race's alternatives begin, and when. Pure.

import type { PipelineStage } from "../../../schemas/messages/pipeline-definition.ts";

export interface Alternative {
  /** Its place among the bodies. */
  place: number;
  afterMs: number;
}

const orders = new WeakMap<PipelineStage, readonly Alternative[]>();

/** The earliest first, as they are written where they begin together. */
export function raceOrder(stage: PipelineStage): readonly Alternative[] {
  if (stage.kind !== "race") return [];
  let order = orders.get(stage);
  if (order === undefined) {
    order = stage.bodies
      .map(({ afterMs = 0 }, place) => ({ place, afterMs }))
      .sort((a, b) => a.afterMs - b.afterMs || a.place - b.place);
    orders.set(stage, order);
  }
  return order;
}
