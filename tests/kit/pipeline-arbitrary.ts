// Random pipelines: every stage gives one text `s`, or null where it was skipped.

import fc from "fast-check";
import { DspexError } from "../../schemas/errors.ts";
import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";
import type { Programs } from "./pipeline-world.ts";

export const PROGRAMS: Programs = {
  mark: ["t: str -> s: str", ({ t }) => ({ s: `${t}.`.slice(-12) })],
  /** Fails for a third of all texts, always the same. */
  fragile: [
    "t: str -> s: str",
    ({ t }) => {
      const text = String(t);
      if ((text.length * 7 + (text.codePointAt(0) ?? 0)) % 3 === 0)
        throw new DspexError("output_invalid", `not ${text}`);
      return { s: text.toUpperCase() };
    },
  ],
};

/** A child that the others may call. */
export const CHILD: PipelineDeclaration = {
  name: "child",
  signature: "t: str -> s: Any",
  stages: [
    { name: "m", kind: "call", program: "fragile", inputs: { t: { $from: "inputs.t" } } },
    { name: "n", kind: "call", program: "mark", inputs: { t: { $from: "m.s" } } },
  ],
  outputs: { s: { $from: "n.s" } },
};

interface Place {
  /** References that can be seen. */
  seen: readonly string[];
  depth: number;
  names: { next: number };
}

type Draw = (max: number) => number;

/** From a list of numbers, so that shrinking takes stages away. */
export function declarationFrom(numbers: readonly number[]): PipelineDeclaration {
  let at = 0;
  const draw: Draw = (max) => (numbers[at++] ?? 0) % max;
  const { stages, outputs } = graphFrom(draw, { seen: ["inputs.t"], depth: 0, names: { next: 0 } });
  return {
    name: "random",
    signature: "t: str -> out: Any",
    stages: stages.length === 0 ? [{ name: "only", kind: "value", outputs: { s: "x" }, keep: true }] : stages,
    outputs: { out: { $first: [outputs.s, "nothing"] } },
    concurrency: 1 + draw(4),
  } as PipelineDeclaration;
}

export const numbersArbitrary = fc.array(fc.nat({ max: 999 }), { minLength: 4, maxLength: 120 });

function graphFrom(draw: Draw, place: Place): { stages: never[]; outputs: { s: unknown } } {
  const stages: object[] = [];
  const seen = [...place.seen];
  const count = (place.depth === 0 ? 1 : 0) + draw(place.depth === 0 ? 6 : 3);
  for (let n = 0; n < count; n++) {
    const name = `st${place.names.next++}`;
    const stage = stageFrom(draw, { ...place, seen });
    // What it did can be taken back.
    const isUndone = (stage as { program?: string }).program === "mark" && draw(3) === 0;
    const compensate = { program: "mark", inputs: { t: { $from: `${name}.s` } } };
    stages.push({ name, keep: true, ...stage, ...(isUndone && { compensate }) });
    const { kind, onItemFailure } = stages.at(-1) as { kind: string; onItemFailure?: string };
    // What may be null where it was not skipped is no text.
    if (kind === "map" && onItemFailure === "fail") seen.push(`${name}.s.0`);
    else if (kind !== "map" && kind !== "delay") seen.push(`${name}.s`);
  }
  return { stages: stages as never[], outputs: { s: valueFrom(draw, seen) } };
}

function stageFrom(draw: Draw, place: Place): object {
  const kinds = place.depth >= 2 ? 5 : 10;
  const common = commonFrom(draw, place);
  const inner = { ...place, depth: place.depth + 1 };
  switch (draw(kinds)) {
    case 0:
      return { kind: "call", program: "mark", inputs: { t: valueFrom(draw, place.seen) }, ...common };
    case 1:
    case 2:
      return { kind: "call", program: "fragile", inputs: { t: valueFrom(draw, place.seen) }, ...common };
    case 3:
      return { kind: "value", outputs: { s: valueFrom(draw, place.seen) }, ...common };
    case 4:
      return { kind: "delay", ms: draw(50), ...(common.when !== undefined && { when: common.when }) };
    case 5: {
      const items = Array.from({ length: draw(4) }, (_, n) => `i${n}`);
      const body = graphFrom(draw, { ...inner, seen: [...place.seen, "item"] });
      return {
        kind: "map",
        over: items,
        body,
        concurrency: 1 + draw(3),
        onItemFailure: draw(2) === 0 ? "fail" : "skip",
        ...(common.when !== undefined && { when: common.when }),
      };
    }
    case 6:
      return {
        kind: "switch",
        on: { $from: place.seen[draw(place.seen.length)] },
        cases: [{ equals: "a", body: graphFrom(draw, inner) }],
        otherwise: graphFrom(draw, inner),
        ...common,
      };
    case 7:
      return {
        kind: "loop",
        initial: { s: valueFrom(draw, place.seen) },
        body: graphFrom(draw, { ...inner, seen: [...place.seen, "loop.s"] }),
        until: draw(2) === 0 ? "loop.iteration >= 1" : "len(loop.s) > 3",
        max: 1 + draw(3),
        ...common,
      };
    case 8: {
      // Alternatives that give the same: which one wins is no part of what a pipeline means.
      const body = graphFrom(draw, inner);
      return {
        kind: "race",
        bodies: [
          { name: "one", body },
          { name: "two", afterMs: draw(40), body },
        ],
        ...common,
      };
    }
    default:
      return {
        kind: "pipeline",
        pipeline: "child",
        inputs: { t: { $first: [valueFrom(draw, place.seen), "c"] } },
        ...common,
      };
  }
}

function commonFrom(draw: Draw, { seen }: Place): { when?: string } {
  const when = draw(5) === 0 ? { when: `len(${seen[draw(seen.length)]}) > ${draw(6)}` } : {};
  switch (draw(5)) {
    case 0:
      return { ...when, ...{ onFailure: "skip" } };
    case 1:
      return { ...when, ...{ onFailure: { value: { s: "instead" } } } };
    case 2:
      return { ...when, ...{ retry: { times: 1, delayMs: 1 + draw(30) } } };
    default:
      return when;
  }
}

function valueFrom(draw: Draw, seen: readonly string[]): unknown {
  const one = seen[draw(seen.length)];
  switch (draw(5)) {
    case 0:
      return "abc".slice(0, 1 + draw(3));
    case 1:
      return { $expr: `${one} + 'k'` };
    case 2:
      return { $first: [{ $from: one }, "first"] };
    default:
      return { $from: one };
  }
}
