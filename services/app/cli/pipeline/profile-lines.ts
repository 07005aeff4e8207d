// Where the time of a pipeline's requests went, native and Python side by side, part by part, with bars. Pure.

import type { PipelineAnalysis } from "../../../client/mod.ts";
import { bar, milliseconds, percent } from "../figures.ts";
import { table } from "../table.ts";
import type { Paint } from "./symbols.ts";

type Split = PipelineAnalysis["split"];
type Profile = Split["native"];

const ROWS: readonly [title: string, ms: (profile: Profile) => number, always?: boolean][] = [
  ["queue", ({ queueMs }) => queueMs, true],
  ["failed attempts", ({ failedMs }) => failedMs],
  ["routing", ({ routeMs }) => routeMs, true],
  ["serialisation", ({ decodeMs, encodeMs }) => decodeMs + encodeMs, true],
  ["validation", ({ validateMs }) => validateMs, true],
  ["model", ({ modelMs }) => modelMs],
  ["code", ({ codeMs }) => codeMs, true],
  ["log and transfer", ({ transferMs }) => transferMs, true],
];
const KINDS = [
  ["native", "native"],
  ["python", "Python"],
] as const;

export function profileLines(split: Split, paint: Paint): string[] {
  const used = KINDS.filter(([kind]) => split[kind].requests > 0);
  if (used.length === 0) return [];
  const rows = ROWS.filter(([, ms, always]) => always === true || used.some(([kind]) => ms(split[kind]) > 0));
  const cells = (profile: Profile, ms: number) => {
    const share = profile.totalMs === 0 ? 0 : ms / profile.totalMs;
    return [bar(share), percent(share), milliseconds(ms)];
  };
  const head = used.flatMap(([kind, title]) => {
    const { requests } = split[kind];
    return [`${title}, ${requests === 1 ? "1 request" : `${requests} requests`}`, "", ""];
  });
  const unmeasured = used.reduce((sum, [kind]) => sum + split[kind].requests - split[kind].measured, 0);
  return [
    "",
    paint("bold", "where the time of requests went"),
    ...table([
      ["", ...head],
      ...rows.map(([title, ms]) => [title, ...used.flatMap(([kind]) => cells(split[kind], ms(split[kind])))]),
      ["all", ...used.flatMap(([kind]) => ["", "", milliseconds(split[kind].totalMs)])],
    ]),
    ...(unmeasured === 0
      ? []
      : [`${unmeasured} of them told no parts: what they ran counts as code, what came before as queue`]),
  ];
}
