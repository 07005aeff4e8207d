// The part of the API that says which version of a program is current.

import { z } from "zod";
import { tokenSchema } from "../../../schemas/messages/parts.ts";
import { adminPattern, apiPattern } from "../../../schemas/subjects.ts";
import type { Answer, ApiRequest, Endpoint } from "../../bus/micro-service.ts";
import { checked } from "../checked.ts";
import type { ProgramsApi } from "../serve.ts";
import { CANARY_OUTCOMES, CANARY_SHARE, decideCanary } from "./canary/decide.ts";
import { decidePromote, decideRollBack, decideWanted, decideWithdraw } from "./decide.ts";

const reason = z.string().max(1_024).optional();
const promoteSchema = z.strictObject({
  name: tokenSchema,
  version: tokenSchema,
  pin: z.boolean().default(false),
  reason,
});
const rollBackSchema = z.strictObject({ name: tokenSchema, reason });
const withdrawSchema = z.strictObject({ name: tokenSchema, version: tokenSchema, reason });

const canarySchema = z.strictObject({
  name: tokenSchema,
  version: tokenSchema,
  share: z.number().positive().max(0.5).default(CANARY_SHARE),
  maxOutcomes: z.number().int().positive().default(CANARY_OUTCOMES),
  reason,
});

export function versionEndpoints(api: ProgramsApi): Endpoint[] {
  return [
    {
      name: "promote",
      subject: adminPattern("program.promote"),
      answer: (request) => promote(api, request),
    },
    {
      name: "rollback",
      subject: adminPattern("program.rollback"),
      answer: (request) => rollBack(api, request),
    },
    {
      name: "withdraw",
      subject: adminPattern("program.withdraw"),
      answer: (request) => withdraw(api, request),
    },
    {
      name: "canary",
      subject: adminPattern("program.canary"),
      answer: (request) => canary(api, request),
    },
    {
      name: "versions",
      subject: apiPattern("program.versions"),
      answer: async (request) => versions(api, request),
    },
  ];
}

async function promote({ registry }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const promotion = { ...checked(promoteSchema, request), by: request.user };
  const { name, version } = promotion;
  const changed = await registry.execute(name, "promoted", (state) => decidePromote(state, promotion));
  await registry.execute(name, "registered", (state) => decideWanted(state, name));
  return { body: { name, version, changed } };
}

async function rollBack({ registry }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const rollback = { ...checked(rollBackSchema, request), by: request.user };
  const { name } = rollback;
  await registry.execute(name, "rolled-back", (state) => decideRollBack(state, rollback));
  await registry.execute(name, "registered", (state) => decideWanted(state, name));
  return { body: { name, version: registry.find(name).version } };
}

async function withdraw({ registry }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const { name, version, reason: why } = checked(withdrawSchema, request);
  const withdrawal = { name, version, by: request.user, ...(why !== undefined && { reason: why }) };
  const changed = await registry.execute(name, "withdrawn", (state) => decideWithdraw(state, withdrawal));
  return { body: { name, version, changed } };
}

async function canary({ registry }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const command = { ...checked(canarySchema, request), by: request.user };
  const { name, version, share } = command;
  const changed = await registry.execute(name, "canary-started", (state) => decideCanary(state, command));
  return { body: { name, version, share, changed } };
}

function versions({ registry, canaries }: ProgramsApi, request: ApiRequest): Answer {
  const { name } = checked(z.strictObject({ name: z.string(), version: z.string().optional() }), request);
  registry.find(name);
  const program = registry.state.programs.get(name);
  const registered = [...(program?.versions.values() ?? [])].map(({ definition, by, sequence, timeMs }) => ({
    version: definition.version,
    by,
    sequence,
    time: new Date(timeMs).toISOString(),
  }));
  const published = [...(program?.published.values() ?? [])].map(({ definition, timeMs, ...version }) => ({
    version: definition.version,
    ...version,
    time: new Date(timeMs).toISOString(),
  }));
  const { current, wanted, canary } = program ?? {};
  const evidence = canaries.evidence(name);
  return {
    body: {
      name,
      current,
      versions: registered,
      published,
      ...(wanted !== undefined && wanted.version === current && { promoted: wanted }),
      ...(canary !== undefined && {
        canary: {
          version: canary.version,
          base: canary.base,
          share: canary.share,
          maxOutcomes: canary.maxOutcomes,
          by: canary.by,
          since: new Date(canary.timeMs).toISOString(),
          ...(evidence !== undefined && { evidence }),
        },
      }),
    },
  };
}
