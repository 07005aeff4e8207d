// The part of the API that speaks of programs, and feedback on their results.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId, resolveRequestId } from "../../schemas/envelope/ids.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { feedbackSchema } from "../../schemas/messages/feedback.ts";
import { tokenSchema } from "../../schemas/messages/parts.ts";
import { PROGRAM_EVENTS, type ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import {
  apiPattern,
  feedbackSubject,
  programEventSubject,
  programRegistrations,
  resultSubject,
} from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import { adminEndpoints, apiEndpoint } from "../bus/endpoints.ts";
import type { ApiRequest, Endpoint } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { isErased } from "../sessions/erase/gone-result.ts";
import { decideRegister, decideRemove, signatureText } from "./decide.ts";
import { judgementOf, programFeedback } from "./feedback.ts";
import { optimizeEndpoints } from "./optimize/serve.ts";
import type { Registry } from "./registry.ts";
import type { CanaryWatch } from "./versions/canary/watch.ts";
import { versionEndpoints } from "./versions/serve.ts";

const namedSchema = z.strictObject({ name: tokenSchema, version: z.string().optional() });
const removalSchema = z.strictObject({ name: tokenSchema, reason: z.string().max(1_024).optional() });

export interface ProgramsApi {
  registry: Registry;
  appender: Appender;
  reader: LogReader;
  source: string;
  canaries: CanaryWatch;
  /** A declaration as it is registered here. */
  define: (declaration: unknown) => ProgramDefinition;
}

export function programEndpoints(api: ProgramsApi): Endpoint[] {
  return [
    ...adminEndpoints("program", "register", (request) => register(api, request)),
    ...adminEndpoints("program", "remove", (request) => remove(api, request)),
    apiEndpoint("program", "list", () => list(api)),
    apiEndpoint("program", "describe", (request) => describe(api, request)),
    ...versionEndpoints(api),
    ...optimizeEndpoints(api),
    {
      name: "feedback",
      subject: apiPattern("feedback.>"),
      answer: async (request) => ({ body: await feedback(api, request) }),
    },
  ];
}

async function register({ registry, define }: ProgramsApi, request: ApiRequest): Promise<object> {
  const definition = define(request.json());
  const created = await registry.execute(definition.name, "registered", (state) =>
    decideRegister(state, definition, request.user),
  );
  return { name: definition.name, version: definition.version, created };
}

async function remove({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const { name, reason } = check(removalSchema, request.json());
  const removal = { name, by: request.user, ...(reason !== undefined && { reason }) };
  await registry.execute(name, "removed", (state) => decideRemove(state, removal));
  return { name };
}

async function list({ registry }: ProgramsApi): Promise<object> {
  await registry.upTo(programRegistrations());
  const programs = [...registry.state.programs.values()].filter((program) => program.status === "registered");
  return {
    programs: programs.map(({ name, current }) => {
      const definition = registry.find(name);
      return {
        name,
        version: current,
        ...(definition.description !== undefined && { description: definition.description }),
        signature: signatureText(definition),
        implementations: definition.implementations.map((i) => ({ name: i.name, kind: i.kind })),
      };
    }),
  };
}

async function describe({ registry }: ProgramsApi, request: ApiRequest): Promise<object> {
  const { name, version } = check(namedSchema, request.json());
  await registry.upTo(programEventSubject(name, "*"));
  const definition = registry.find(name, version);
  return { ...definition, signatureText: signatureText(definition) };
}

async function feedback({ reader, appender, source }: ProgramsApi, request: ApiRequest): Promise<object> {
  const id = resolveOwnId(request);
  const judgement = check(feedbackSchema, { ...(request.json() as object), id });
  const stored = await reader.last(resultSubject(id));
  if (stored === null) throw new DspexError("not_found", `no result of ${JSON.stringify(id)} to judge`);
  const result = (stored.json() as CloudEvent<Result>).data;
  if (isErased(result)) throw new DspexError("gone", `the result of ${JSON.stringify(id)} was erased`);
  const data = programFeedback(judgement, result, request.user, stored.sequence);
  const eventId = randomUUID();
  const event = cloudEvent(PROGRAM_EVENTS.feedback.type, source, eventId, new Date().toISOString(), data);
  const subject = feedbackSubject(result.program, id, judgementOf(judgement, stored.sequence));
  try {
    await appender.append(subject, stringifyJson(event), { expectedLastSequence: 0 });
  } catch (error) {
    if (!isWrongLastSequence(error)) throw error;
    // The first one counts, whatever others say: unless that is this one, whose acknowledgement was lost.
    const first = (await reader.last(subject))?.json() as CloudEvent<unknown> | undefined;
    if (first?.id !== eventId) return { duplicate: true };
  }
  return {};
}

function resolveOwnId(request: ApiRequest): string {
  const given = request.tokens.slice(1).join(".");
  const id = resolveRequestId(request.user, given) ?? given;
  if (parseRequestId(id)?.user !== request.user)
    throw new DspexError("not_found", `no request ${JSON.stringify(given.slice(0, 200))}`);
  return id;
}
