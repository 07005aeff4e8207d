// Pure: what stands out of programs, a sentence each with its evidence.

import type { Pattern } from "../../../learning/patterns/report.ts";
import type { PatternsAnswer } from "../../../learning/serve.ts";
import { percent } from "../figures.ts";
import type { Style } from "../terminal.ts";
import { omittedLines } from "./views.ts";

/** As the task analysis has them. */
const LENGTHS = ["under 128 bytes", "128 to 511 bytes", "512 to 4,095 bytes", "4,096 bytes or more"] as const;

export function patternLines(
  { programs, omitted }: PatternsAnswer,
  paint: (style: Style, text: string) => string,
): string[] {
  if (programs.length === 0) return ["nothing stands out"];
  return [
    ...programs.flatMap(({ program, patterns }, at) => [
      ...(at === 0 ? [] : [""]),
      paint("bold", program),
      ...patterns.map((pattern) => `  ${sentence(pattern)}`),
    ]),
    ...omittedLines(omitted, "patterns"),
  ];
}

function sentence(pattern: Pattern): string {
  switch (pattern.pattern) {
    case "drift": {
      const { arm, direction, channel, before, after, time, evidence, sequence } = pattern;
      const what = channel === "quality" ? "quality" : "reward without quality";
      return `${arm} got ${direction} at ${time} (#${sequence}): ${what} ${before.toFixed(2)} → ${after.toFixed(2)}; evidence ${evidence.toFixed(1)} deviations`;
    }
    case "failing-request": {
      const { requestHash, atLeast, atMost, code, lastTime, lastSequence } = pattern;
      return `the same request fails again and again: ${countOf(atLeast, atMost)} times, last at ${lastTime} (#${lastSequence}) with ${code}; hash ${requestHash.slice(0, 12)}`;
    }
    case "failing-shape": {
      const { task, length, failureRate, elsewhere, requests, z } = pattern;
      return `${task}, ${lengthText(length)}: ${percent(failureRate)} of ${Math.round(requests)} fail, elsewhere ${percent(elsewhere)}${evidenceOf(z)}`;
    }
    case "hour-of-day": {
      const { implementation, hour, what, here, elsewhere, attempts, z } = pattern;
      const from = String(hour).padStart(2, "0");
      const said =
        what === "success"
          ? `${percent(here)} succeed, at other hours ${percent(elsewhere)}`
          : `takes ${here.toFixed(1)} times as long as at other hours`;
      return `${implementation}, ${from} to ${String((hour + 1) % 24).padStart(2, "0")} h UTC: ${said} (${Math.round(attempts)} attempts)${evidenceOf(z)}`;
    }
    case "input-length": {
      const { arm, task, length, what, here, elsewhere, attempts, z } = pattern;
      const figure = what === "success" ? "success" : what === "time" ? "time kept" : "quality";
      return `${arm}, ${task}, ${lengthText(length)}: ${figure} ${here.toFixed(2)}, else ${elsewhere.toFixed(2)} (${Math.round(attempts)} attempts)${evidenceOf(z)}`;
    }
    default: {
      // Of a later version of the service.
      const unknown: never = pattern;
      return JSON.stringify(unknown);
    }
  }
}

function countOf(least: number, most: number): string {
  const [low, high] = [Math.round(least), Math.round(most)];
  return low === high ? String(low) : `${low} to ${high}`;
}

function lengthText(length: number): string {
  return LENGTHS[length] ?? `length ${length}`;
}

function evidenceOf(z: number): string {
  return `; ${Math.abs(z).toFixed(1)} standard errors`;
}
