// Sessions as lines for a person. Pure.

import { stringifyJson } from "../../../../schemas/envelope/json.ts";
import { shorten } from "../../../../schemas/signature/shorten.ts";
import type { SessionInfo, SessionTurn } from "../../../client/mod.ts";
import { table } from "../table.ts";

const SHOWN_VALUES = 100;

export function listLines(sessions: readonly SessionInfo[]): string[] {
  if (sessions.length === 0) return ["no sessions"];
  const rows = sessions.map(({ session, status, turns, openTurns, activeAt, performance }) => [
    session,
    status,
    `${turns} turns${openTurns > 0 ? ` (${openTurns} open)` : ""}`,
    activeAt,
    performance.latencyMs === undefined ? "" : `${Math.round(performance.latencyMs.mean)} ms`,
    performance.costUsd > 0 ? `$${performance.costUsd.toFixed(4)}` : "",
  ]);
  return table([["session", "status", "", "last active", "mean", "cost"], ...rows]);
}

export function detailLines(info: SessionInfo): string[] {
  const { session, status, turns, openTurns, contextVersion, forkedFrom, performance } = info;
  const { successRate, latencyMs, inputTokens, outputTokens, costUsd, implementations, affinity, trend } =
    performance;
  const programs = Object.entries(performance.programs).sort(([, a], [, b]) => b.turns - a.turns);
  const mix = Object.entries(implementations)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${percent(share)}`);
  return [
    `${session}  ${status}${info.erasing === true ? ", being erased" : ""}`,
    "",
    ...table([
      ["opened", info.openedAt],
      ["last active", info.activeAt],
      ...(status === "open" ? [["expires after", `${info.ttlMs / 1_000} s without a turn`]] : []),
      ...(forkedFrom === undefined
        ? []
        : [["forked from", `${forkedFrom.session}, turn ${forkedFrom.turn}`]]),
      ["turns", openTurns > 0 ? `${turns}, ${openTurns} open` : `${turns}`],
      ["context", contextVersion === 0 ? "none" : `version ${contextVersion}`],
      ...(successRate === undefined ? [] : [["succeeded", percent(successRate)]]),
      ...(latencyMs === undefined
        ? []
        : [["latency", `${Math.round(latencyMs.mean)} ms mean, ${Math.round(latencyMs.max)} ms at most`]]),
      ["tokens", `${inputTokens} in, ${outputTokens} out`],
      ...(costUsd > 0 ? [["cost", `$${costUsd.toFixed(4)}`]] : []),
      ...(mix.length === 0 ? [] : [["answered by", mix.join(", ")]]),
      ...(affinity === undefined
        ? []
        : [["same place", `${percent(affinity.rate)} of ${affinity.of} turns, as the one before`]]),
      ...(trend === undefined ? [] : [["newest 8 turns", trendText(trend)]]),
    ]),
    ...(programs.length === 0 ? [] : ["", ...table([PROGRAM_HEAD, ...programs.map(programRow)])]),
  ];
}

const PROGRAM_HEAD = ["program", "turns", "succeeded", "mean", "same place"];

function programRow([name, { turns, successRate, meanMs, affinity }]: [
  string,
  SessionInfo["performance"]["programs"][string],
]): string[] {
  return [
    name,
    String(turns),
    percent(successRate),
    meanMs === undefined ? "" : `${Math.round(meanMs)} ms`,
    affinity === undefined ? "" : `${affinity.hits} of ${affinity.of}`,
  ];
}

export function turnLines({ turn, status, program, implementation, ...more }: SessionTurn): string[] {
  const { time, totalMs, inputs, outputs, errorCode, id } = more;
  const how = status === "succeeded" ? (implementation ?? "") : `${status}: ${errorCode ?? ""}`;
  return [
    `${turn}  ${time}  ${program}  ${how}  ${Math.round(totalMs)} ms  ${id}`,
    ...(inputs === undefined ? [] : [`   > ${shorten(stringifyJson(inputs), SHOWN_VALUES)}`]),
    ...(outputs === undefined ? [] : [`   < ${shorten(stringifyJson(outputs), SHOWN_VALUES)}`]),
  ];
}

function trendText({ latency, successRate }: NonNullable<SessionInfo["performance"]["trend"]>): string {
  const change = successRate === 0 ? "as many succeed" : `${signed(100 * successRate)} points success`;
  return latency === undefined ? change : `${signed(100 * (latency - 1))} % latency, ${change}`;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(0)}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
