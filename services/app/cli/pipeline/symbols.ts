// Colours of statuses of runs and stages. Pure.

import type { RunStatus, StageProgress } from "../../../client/mod.ts";
import type { Style } from "../terminal.ts";

export type Paint = (style: Style, text: string) => string;

export function styleOf(status: StageProgress["status"] | RunStatus): Style {
  switch (status) {
    case "finished":
    case "succeeded":
      return "green";
    case "running":
      return "cyan";
    case "backoff":
    case "compensating":
      return "yellow";
    case "failed":
      return "red";
    default:
      return "dim";
  }
}

/** What a drawing calls an ink. */
export function paintInk(paint: Paint): (ink: string, text: string) => string {
  return (ink, text) => {
    if (ink === "title") return paint("bold", text);
    if (ink === "line" || ink === "detail") return paint("dim", text);
    return paint(styleOf(ink as StageProgress["status"]), text);
  };
}
