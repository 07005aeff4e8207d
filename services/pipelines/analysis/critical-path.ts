// The critical path: what ended last, what that waited for, and so on back to the beginning. Shorten anything else and
// the run takes as long as before. Pure.

import { type Compiled, graphAt, stageAt } from "../definition/compiled.ts";
import { durationOf, type Span } from "./spans.ts";

const MOST_LINKS = 1_000;
/** A start so soon after an end waited for nothing else. */
const AT_ONCE_MS = 5;

/** In order of time. */
export function criticalPath(spans: readonly Span[], compiled: Compiled): Span[] {
  const byEnd = [...spans].sort((a, b) => b.endMs - a.endMs || durationOf(b) - durationOf(a));
  const path: Span[] = [];
  let from = 0;
  let current = byEnd[0];
  while (current !== undefined && path.length < MOST_LINKS) {
    path.push(current);
    const before = predecessor(current, byEnd, from, compiled);
    from = before?.at ?? byEnd.length;
    current = before?.span;
  }
  return path.reverse();
}

/** What it needed and ended last; where it began much later than that, what then left a slot for it. */
function predecessor(
  span: Span,
  byEnd: readonly Span[],
  from: number,
  compiled: Compiled,
): { span: Span; at: number } | undefined {
  let freed: { span: Span; at: number } | undefined;
  for (let at = from; at < byEnd.length; at++) {
    const other = byEnd[at] as Span;
    if (other === span || other.endMs > span.startMs) continue;
    if (isNeeded(other, span, compiled)) {
      const gapMs = span.startMs - other.endMs;
      return freed !== undefined && gapMs > AT_ONCE_MS ? freed : { span: other, at };
    }
    freed ??= { span: other, at };
  }
  // Nothing held it up but that others had the slots.
  return freed !== undefined && span.startMs - freed.span.endMs <= AT_ONCE_MS ? freed : undefined;
}

/** Whether `span`, or a stage around it, waits for the stage that `other` is, or is within. */
function isNeeded(other: Span, span: Span, compiled: Compiled): boolean {
  let stage = span.stage;
  let path = span.path;
  for (;;) {
    const one = stageAt(compiled, stage);
    if (other.path === path && one.needs.includes(other.stage)) return true;
    for (const need of one.needs) {
      const { name } = stageAt(compiled, need).stage;
      const inside = path === "" ? name : `${path}/${name}`;
      if (other.path.startsWith(`${inside}[`) || other.path.startsWith(`${inside}@`)) return true;
    }
    // The try before.
    if (other.path === path && other.stage === stage && other.n < span.n) return true;
    const { owner } = graphAt(compiled, one.graph);
    if (owner === undefined) return false;
    const own = stageAt(compiled, owner).stage;
    // The iteration before.
    if (own.kind === "loop" && other.path !== path && sameBut(other.path, path)) return true;
    path = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    stage = owner;
  }
}

/** The same body of another iteration, or within it. */
function sameBut(other: string, path: string): boolean {
  const base = path.slice(0, path.lastIndexOf("[") + 1);
  return base !== "" && other.startsWith(base);
}
