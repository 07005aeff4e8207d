// Policy events of the log as folds take them.

import {
  POLICY_EVENTS,
  type PolicyDrift,
  type PolicyFrozen,
  type PolicyPromoted,
  type PolicyUpdated,
} from "../../../schemas/messages/policy-event.ts";

/** `sequence` = where it is in the log. */
export type PolicyEvent = { sequence: number } & (
  | { kind: "policy-updated"; updated: PolicyUpdated }
  | { kind: "policy-drift-detected"; drift: PolicyDrift }
  | { kind: "policy-promoted"; change: PolicyPromoted }
  | { kind: "policy-rolled-back"; change: PolicyPromoted }
  | { kind: "policy-frozen"; frozen: PolicyFrozen }
);

/**
 * `data` of the policy event `verb`; undefined for verbs of later versions.
 * @throws where it does not fit its schema.
 */
export function decodePolicyEvent(verb: string, data: unknown, sequence: number): PolicyEvent | undefined {
  switch (verb) {
    case "updated":
      return { kind: "policy-updated", sequence, updated: POLICY_EVENTS.updated.schema.parse(data) };
    case "drift-detected": {
      const drift = POLICY_EVENTS["drift-detected"].schema.parse(data);
      return { kind: "policy-drift-detected", sequence, drift };
    }
    case "promoted":
      return { kind: "policy-promoted", sequence, change: POLICY_EVENTS.promoted.schema.parse(data) };
    case "rolled-back":
      return {
        kind: "policy-rolled-back",
        sequence,
        change: POLICY_EVENTS["rolled-back"].schema.parse(data),
      };
    case "frozen":
      return { kind: "policy-frozen", sequence, frozen: POLICY_EVENTS.frozen.schema.parse(data) };
    default:
      return undefined;
  }
}
