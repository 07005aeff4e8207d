// Pure: an explanation as a person reads it: the whole in a sentence, what was known, the candidates with their chances,
// why each of them, and what happened.

import type { Explanation } from "../../../schemas/messages/explanation.ts";
import { candidateLines } from "./candidate-table.ts";
import { relative } from "./event-line.ts";
import { table } from "./table.ts";
import type { Style } from "./terminal.ts";
import { verdictLines } from "./verdict-lines.ts";

export type Paint = (style: Style, text: string) => string;

export function explanationLines(explanation: Explanation, paint: Paint): string[] {
  const { id, program, status, summary, candidates, result } = explanation;
  const ended = result === undefined ? status : `${status} in ${duration(result.totalMs)}`;
  const facts = factRows(explanation).map(([name, text]) => [paint("dim", name.padEnd(FACT_WIDTH)), text]);
  const whys = candidates.map(({ implementation, why }) => [`  ${implementation}`, why]);
  return [
    `${paint("bold", id)}  ${program}  ${paint(styleOf(status), ended)}`,
    summary,
    "",
    ...facts.map((row) => row.join(" ")),
    ...(candidates.length === 0 ? [] : ["", ...candidateLines(candidates, paint), "", ...table(whys)]),
    ...(result?.validation === undefined ? [] : ["", ...verdictLines(result.validation, paint)]),
    "",
    ...eventLines(explanation, paint),
  ];
}

/** Of the longest name of a fact. */
const FACT_WIDTH = 12;

function factRows(explanation: Explanation): [name: string, text: string][] {
  const { analysis, request, policy, decision, moreFeedback } = explanation;
  const rows: [string, string | undefined][] = [
    ["looks like", analysis && looks(analysis)],
    ["needs", analysis && needs(analysis)],
    ["asked for", asked(request.options ?? {})],
    ["policy", policy && policyText(policy)],
    ["changed", policy?.change && changeText(policy.change)],
    ["evidence", policy?.evidence && evidenceText(policy.evidence)],
    ["load", decision && loadText(decision.inFlight)],
    ["draw", decision?.draw && drawText(decision.draw)],
    ["if it failed", decision && planText(decision.plan)],
    ["state", decision && `of the log up to #${decision.stateSequence}`],
    ["feedback", moreFeedback ? "there is more than is shown here" : undefined],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== "");
}

function looks({ kind, features, complexity }: NonNullable<Explanation["analysis"]>): string {
  const { inputBytes, language, reasoningHints, toolHints, historyLength } = features;
  return listed([
    kind,
    `${inputBytes.toLocaleString("en")} bytes`,
    language === "und" ? "no language to tell" : language,
    `complexity ${complexity.level} (${complexity.score.toFixed(2)})`,
    reasoningHints > 0 && `${reasoningHints} signs of reasoning`,
    toolHints > 0 && `${toolHints} signs of tools`,
    historyLength > 0 && `${historyLength} earlier turns`,
  ]);
}

function needs({ needs: found }: NonNullable<Explanation["analysis"]>): string {
  return listed([
    found.structuredOutput && "structured output",
    found.reasoning && "reasoning",
    found.tools && "tools",
    found.vision && "images",
    found.longContext && "a long context",
    `about ${found.contextTokens.toLocaleString("en")} tokens`,
  ]);
}

function asked({ prefer, deadlineMs, budget, implementation, version, priority, session }: Asked): string {
  return listed([
    prefer !== undefined && `prefer ${prefer}`,
    deadlineMs !== undefined && `an answer within ${duration(deadlineMs)}`,
    budget?.tokens !== undefined && `${budget.tokens.toLocaleString("en")} tokens at most`,
    budget?.usd !== undefined && `${budget.usd} USD at most`,
    implementation !== undefined && `implementation ${implementation}`,
    version !== undefined && `version ${version}`,
    priority !== undefined && `priority ${priority}`,
    session !== undefined && `session ${session}`,
  ]);
}
type Asked = NonNullable<Explanation["request"]["options"]>;

function policyText({ version, settings, published }: NonNullable<Explanation["policy"]>): string {
  const { name, rule, temper, floor } = settings;
  return listed([
    published === undefined
      ? `version ${version}: nothing had been published yet`
      : `version ${version} (#${published.sequence}, ${published.outcomes.toLocaleString("en")} outcomes)`,
    `${name}: ${rule === "thompson" ? `${rule}, temper ${temper}, floor ${percent(floor)}` : rule}`,
  ]);
}

function changeText({ verb, by, sequence, reason, evidence }: Change): string {
  return listed([
    `${verb.replace("-", " ")} by ${by} at #${sequence}`,
    reason ?? false,
    evidence !== undefined &&
      `${evidence.estimated.toFixed(3)} ± ${evidence.halfWidth.toFixed(3)} against ${evidence.logged.toFixed(3)} over ${evidence.decisions.toLocaleString("en")} decisions`,
  ]);
}
type Change = NonNullable<NonNullable<Explanation["policy"]>["change"]>;

function evidenceText({ version, sequence, task }: Evidence): string {
  return listed([
    `version ${version} (#${sequence})`,
    task === undefined ? "knew nothing of this kind of task" : `of ${task}`,
  ]);
}
type Evidence = NonNullable<NonNullable<Explanation["policy"]>["evidence"]>;

function loadText(inFlight: Record<string, number>): string {
  const busy = Object.entries(inFlight).filter(([, count]) => count > 0);
  return busy.length === 0 ? "nothing was under way" : busy.map(([pool, n]) => `${n} in ${pool}`).join(", ");
}

function drawText({ number, from, to, seed }: Draw): string {
  return `${number.toFixed(4)}, by the request's id (seed ${seed}), is in ${from.toFixed(4)} … ${to.toFixed(4)}`;
}
type Draw = NonNullable<NonNullable<Explanation["decision"]>["draw"]>;

function planText(plan: NonNullable<Explanation["decision"]>["plan"]): string {
  return plan
    .map(({ step, implementation, delayMs }) => {
      const wait = delayMs > 0 ? ` after ${duration(delayMs)}` : "";
      return step === "retry" ? `${implementation} again${wait}` : `${implementation}${wait}`;
    })
    .join(", ");
}

function eventLines({ events }: Explanation, paint: Paint): string[] {
  const heads = table(
    events.map(({ afterMs, sequence, kind, attempt }) => [
      relative(afterMs),
      sequence === undefined ? "" : `#${sequence}`,
      kind === "attempt" || kind === "failed" ? `${kind} ${attempt ?? ""}`.trimEnd() : kind,
      "|",
    ]),
  );
  return events.map(({ kind, text, error }, at) => {
    const head = (heads[at] ?? "").slice(0, -1);
    const style: Style | undefined =
      error !== undefined ? "red" : kind === "result" ? "green" : kind === "feedback" ? "cyan" : undefined;
    const line = text.replaceAll(/\s*\n\s*/g, " ");
    return `${paint("dim", head)}${style === undefined ? line : paint(style, line)}`;
  });
}

function styleOf(status: Explanation["status"]): Style {
  if (status === "succeeded") return "green";
  return status === "pending" ? "yellow" : "red";
}

function listed(parts: (string | false)[]): string {
  return parts.filter((part) => part !== false).join(" · ");
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function duration(ms: number): string {
  return relative(ms).slice(1);
}
