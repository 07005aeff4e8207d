// What the API tells of variables: the answers of `variable.list`, `get`, `history`, and of commands.

import type {
  VariableChange,
  VariableDefinition,
  VariableMetric,
} from "../../schemas/messages/variable-event.ts";

export interface VariableInfo {
  name: string;
  value: unknown;
  /** Counts its changes from 1. */
  version: number;
  status: "active" | "deprecated";
  /** What is to be used instead of a deprecated one. */
  replacedBy?: string;
  definition: VariableDefinition;
  /** Of its last change; RFC 3339. */
  time?: string;
  by?: string;
}

export interface VariableListAnswer {
  /** Changes after this one are not in the answer: observe from the next. */
  sequence: number;
  variables: VariableInfo[];
  /** There are more: ask again with it. */
  after?: string;
}

export interface VariableDetails extends VariableInfo {
  sequence: number;
  dependsOn: string[];
  /** Those that are computed from it, constrained with it, or declared to depend on it. */
  neededBy: string[];
}

export interface PastChange {
  version: number;
  sequence: number;
  time: string;
  verb: "registered" | "changed" | "reset" | "deprecated";
  by: string;
  reason?: string;
  metric?: VariableMetric;
  /** Absent = large, and the log has forgotten the event. */
  value?: unknown;
}

export interface VariableHistoryAnswer {
  name: string;
  /** Newest first. */
  changes: PastChange[];
  /** There are older ones: ask again with it. */
  before?: number;
}

export interface VariableCommandAnswer {
  /** False where everything is so already. */
  changed: boolean;
  /** Also what follows from what was given; none of a deprecation. */
  changes: VariableChange[];
  /** Of the event, or of the last one where nothing changed. */
  sequence: number;
}
