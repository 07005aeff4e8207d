// Variables as lines for a person. Pure.

import { stringifyJson } from "../../../../schemas/envelope/json.ts";
import type { VariableChange, VariableDefinition } from "../../../../schemas/messages/variable-event.ts";
import { shorten } from "../../../../schemas/signature/shorten.ts";
import type { PastChange, VariableDetails, VariableInfo, VariableUpdate } from "../../../client/mod.ts";
import { table } from "../table.ts";
import type { Style } from "../terminal.ts";

const SHOWN_VALUE = 40;

export function listLines(variables: readonly VariableInfo[]): string[] {
  if (variables.length === 0) return ["no variables"];
  const rows = variables.map(({ name, value, version, status, replacedBy, definition }) => [
    name,
    valueText(value),
    definition.kind,
    boundsText(definition),
    `version ${version}`,
    status === "active" ? "" : deprecatedText(replacedBy),
  ]);
  return table([["variable", "value", "kind", "may be", "", ""], ...rows]);
}

export function detailLines(variable: VariableDetails): string[] {
  const { name, value, version, status, replacedBy, definition, dependsOn, neededBy, time, by } = variable;
  const { description, expression, constraints = [] } = definition;
  const rows = [
    ["value", typeof value === "string" ? value : stringifyJson(value)],
    ["kind", `${definition.kind}  ${boundsText(definition)}`.trim()],
    ...(definition.default === undefined ? [] : [["default", valueText(definition.default)]]),
    ...(expression === undefined ? [] : [["computed", expression]]),
    ...(dependsOn.length === 0 ? [] : [["depends on", dependsOn.join(", ")]]),
    ...(neededBy.length === 0 ? [] : [["needed by", neededBy.join(", ")]]),
    ...constraints.map((constraint) => ["constraint", constraint.expression]),
    ["version", `${version}${by === undefined ? "" : `  by ${by} at ${time}`}`],
  ];
  return [
    status === "active" ? name : `${name}  ${deprecatedText(replacedBy)}`,
    ...(description === undefined ? [] : [description]),
    "",
    ...table(rows),
  ];
}

export function historyLines(changes: readonly PastChange[]): string[] {
  const rows = changes.map(({ version, time, verb, by, reason = "", metric, value }) => [
    String(version),
    time,
    verb,
    value === undefined ? "(no longer in the log)" : valueText(value),
    by,
    metric === undefined ? "" : `${metric.name} ${metric.value}`,
    reason,
  ]);
  return table([["version", "time", "", "value", "by", "", "why"], ...rows]);
}

export function changeLine({ name, value, version }: VariableChange): string {
  return `${name} = ${valueText(value)}  version ${version}`;
}

export function updateLines(update: VariableUpdate, paint: (style: Style, text: string) => string): string[] {
  const { sequence, time, verb, by, reason } = update;
  const why = reason === undefined ? "" : `: ${reason}`;
  const head = `#${sequence} ${time}  ${verb} by ${by}${why}`;
  if (update.verb === "rejected")
    return [
      paint("yellow", head),
      `  ${update.command} ${update.names.join(", ")}: ${update.error.code}: ${update.error.message}`,
    ];
  return [paint("dim", head), ...update.changes.map((change) => `  ${changeLine(change)}`)];
}

function valueText(value: unknown): string {
  return shorten(stringifyJson(value), SHOWN_VALUE);
}

function boundsText(definition: VariableDefinition): string {
  switch (definition.kind) {
    case "float":
    case "integer": {
      const { min, max, step, log } = definition;
      const steps = step === undefined ? "" : ` by ${step}`;
      return `${min} … ${max}${steps}${log === true ? " (log)" : ""}`;
    }
    case "choice":
    case "module":
      return shorten(definition.choices.map((choice) => stringifyJson(choice)).join(" | "), SHOWN_VALUE);
    case "string":
      return definition.maxLength === undefined ? "" : `up to ${definition.maxLength} characters`;
    case "demos":
      return definition.maxItems === undefined ? "" : `up to ${definition.maxItems}`;
    case "boolean":
    case "prompt":
      return "";
    default: {
      const unknown: never = definition;
      return unknown;
    }
  }
}

function deprecatedText(replacedBy: string | undefined): string {
  return replacedBy === undefined ? "deprecated" : `deprecated, use ${replacedBy}`;
}
