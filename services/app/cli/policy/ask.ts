// Calls of `policy.…` as the user of a command: what all may ask, and what only administrators may order.

import { asDspexError } from "../../../../schemas/errors.ts";
import type { PolicySettings } from "../../../../schemas/messages/policy-event.ts";
import { Api } from "../../../client/api.ts";
import { asUser, type CommandContext } from "../context.ts";

export interface Asked {
  verb: "list" | "show" | "diff" | "history" | "patterns";
  body?: object;
}

export interface Ordered {
  verb: "promote" | "rollback" | "freeze";
  body: object;
}

/** What is in force then. */
export interface OrderAnswer {
  current: PolicySettings;
  version: number;
  frozen: { all: boolean; programs: string[] };
}

export async function askPolicy<Answer>(
  context: CommandContext,
  user: string | undefined,
  { verb, body = {} }: Asked,
): Promise<Answer> {
  await using asked = await asUser(context, user);
  const api = new Api(asked.connection, asked.target.user);
  return (await api.request({ verb: `policy.${verb}`, body })) as Answer;
}

/** @throws DspexError `not_allowed` for a user who is no administrator. */
export async function orderPolicy(
  context: CommandContext,
  user: string | undefined,
  { verb, body }: Ordered,
): Promise<OrderAnswer> {
  await using asked = await asUser(context, user);
  const api = new Api(asked.connection, asked.target.user);
  const call = { verb: `policy.${verb}`, body };
  try {
    return (await api.request({ ...call, admin: true })) as OrderAnswer;
  } catch (thrown) {
    // Who has not the right reaches nobody there; the same verb for all says which of the two it is.
    if (asDspexError(thrown).code === "unavailable") await api.request(call);
    throw thrown;
  }
}
