// The texts of a JSON value with their paths, in order.

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { memberPath } from "./verdict.ts";

export interface PlacedText {
  readonly path: string;
  readonly text: string;
}

/** Names of members are no texts. */
export function textsIn(value: unknown): PlacedText[] {
  const found: PlacedText[] = [];
  // A stack of its own: a value may be nested deeper than calls can be.
  const waiting: { path: string; value: unknown }[] = [{ path: "$", value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, value: one } = next;
    if (typeof one === "string") found.push({ path, text: one });
    else if (Array.isArray(one)) {
      for (let at = one.length - 1; at >= 0; at--) waiting.push({ path: `${path}[${at}]`, value: one[at] });
    } else if (isPlainObject(one)) {
      const keys = Object.keys(one);
      for (let at = keys.length - 1; at >= 0; at--) {
        const key = keys[at] as string;
        waiting.push({ path: memberPath(path, key), value: one[key] });
      }
    }
  }
  return found;
}
