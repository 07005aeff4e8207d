// Whether a graph can be drawn in boxes: a thousand stages that all need one another take minutes, and nobody reads that.
// Pure.

import type { GraphView } from "./graph-view.ts";
import { placesOf } from "./layers.ts";

const MOST_PLACES = 2_500;

export function isDrawable({ nodes, edges }: GraphView): boolean {
  if (placesOf(nodes.length, edges) > MOST_PLACES) return false;
  return nodes.every(({ bodies }) => bodies.every(({ graph }) => isDrawable(graph)));
}
