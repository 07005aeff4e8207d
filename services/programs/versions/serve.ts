// The part of the API that says which version of a program is current.

import { z } from "zod";
import { check } from "../../../schemas/envelope/check.ts";
import { tokenSchema } from "../../../schemas/messages/parts.ts";
import { programEventSubject } from "../../../schemas/subjects.ts";
import { adminEndpoints, apiEndpoint } from "../../bus/endpoints.ts";
import type { ApiRequest, Endpoint } from "../../bus/micro-service.ts";
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

const versionsSchema = z.strictObject({ name: tokenSchema, version: z.string().optional() });

export function versionEndpoints(api: ProgramsApi): Endpoint[] {
  return [
    ...adminEndpoints("program", "promote", (request) => promote(api, request)),
    ...adminEndpoints("program", "rollback", (request) => rollBack(api, request)),
    ...adminEndpoints("program", "withdraw", (request) => withdraw(api, request)),
    ...adminEndpoints("program", "canary", (request) => canary(api, request)),
    apiEndpoint("program", "versions", (request) => versions(api, request)),
  ];
}

async function promote({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const promotion = { ...check(promoteSchema, request.json()), by: request.user };
  const { name, version } = promotion;
  const changed = await registry.execute(name, "promoted", (state) => decidePromote(state, promotion));
  await registry.execute(name, "registered", (state) => decideWanted(state, name));
  return { name, version, changed };
}

async function rollBack({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const rollback = { ...check(rollBackSchema, request.json()), by: request.user };
  const { name } = rollback;
  await registry.execute(name, "rolled-back", (state) => decideRollBack(state, rollback));
  await registry.execute(name, "registered", (state) => decideWanted(state, name));
  return { name, version: registry.find(name).version };
}

async function withdraw({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const { name, version, reason: why } = check(withdrawSchema, request.json());
  const withdrawal = { name, version, by: request.user, ...(why !== undefined && { reason: why }) };
  const changed = await registry.execute(name, "withdrawn", (state) => decideWithdraw(state, withdrawal));
  return { name, version, changed };
}

async function canary({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const command = { ...check(canarySchema, request.json()), by: request.user };
  const { name, version, share } = command;
  const changed = await registry.execute(name, "canary-started", (state) => decideCanary(state, command));
  return { name, version, share, changed };
}

async function versions({ registry, canaries }: ProgramsApi, request: ApiRequest): Promise<object> {
  const { name } = check(versionsSchema, request.json());
  await registry.upTo(programEventSubject(name, "*"));
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
  };
}
