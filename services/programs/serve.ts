// The part of the API that speaks of programs, and feedback on their results.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId, resolveRequestId } from "../../schemas/envelope/ids.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { feedbackSchema } from "../../schemas/messages/feedback.ts";
import { tokenSchema } from "../../schemas/messages/parts.ts";
import { PROGRAM_EVENTS, type ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { adminPattern, apiPattern, feedbackSubject, resultSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { Answer, ApiRequest, Endpoint } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { checked } from "./checked.ts";
import { decideRegister, decideRemove, signatureText } from "./decide.ts";
import { judgementOf, programFeedback } from "./feedback.ts";
import { optimizeEndpoints } from "./optimize/serve.ts";
import type { Registry } from "./registry.ts";
import type { CanaryWatch } from "./versions/canary/watch.ts";
import { versionEndpoints } from "./versions/serve.ts";

const namedSchema = z.strictObject({ name: z.string(), version: z.string().optional() });
const removalSchema = z.strictObject({ name: tokenSchema, reason: z.string().max(1_024).optional() });

/** Of programs. */
const ADMIN_VERBS = ["register", "remove", "optimize", "promote", "rollback", "withdraw", "canary"] as const;

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
    {
      name: "register",
      subject: adminPattern("program.register"),
      answer: (request) => register(api, request),
    },
    {
      name: "remove",
      subject: adminPattern("program.remove"),
      answer: (request) => remove(api, request),
    },
    // Reachable for all users, but what changes things for all is the administrators'.
    ...ADMIN_VERBS.map((verb) => ({
      name: `${verb}-refused`,
      subject: apiPattern(`program.${verb}`),
      answer: refuse,
    })),
    { name: "list", subject: apiPattern("program.list"), answer: async () => list(api) },
    {
      name: "describe",
      subject: apiPattern("program.describe"),
      answer: async (request) => describe(api, request),
    },
    ...versionEndpoints(api),
    ...optimizeEndpoints(api),
    { name: "feedback", subject: apiPattern("feedback.>"), answer: (request) => feedback(api, request) },
  ];
}

async function register({ registry, define }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const definition = define(request.json());
  const created = await registry.execute(definition.name, "registered", (state) =>
    decideRegister(state, definition, request.user),
  );
  return { body: { name: definition.name, version: definition.version, created } };
}

async function remove({ registry }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const { name, reason } = checked(removalSchema, request);
  const removal = { name, by: request.user, ...(reason !== undefined && { reason }) };
  await registry.execute(name, "removed", (state) => decideRemove(state, removal));
  return { body: { name } };
}

async function refuse({ tokens }: ApiRequest): Promise<Answer> {
  throw new DspexError("not_allowed", `${tokens.join(".")} needs the right \`admin\`: ask on dspex-admin`);
}

function list({ registry }: ProgramsApi): Answer {
  const programs = [...registry.state.programs.values()].filter((program) => program.status === "registered");
  return {
    body: {
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
    },
  };
}

function describe({ registry }: ProgramsApi, request: ApiRequest): Answer {
  const { name, version } = checked(namedSchema, request);
  const definition = registry.find(name, version);
  return { body: { ...definition, signatureText: signatureText(definition) } };
}

async function feedback({ reader, appender, source }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const id = resolveOwnId(request);
  const parsed = feedbackSchema.safeParse({ ...(request.json() as object), id });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DspexError("invalid_inputs", `feedback: ${issue?.message} at ${issue?.path.join(".")}`, {
      path: issue?.path.join("."),
    });
  }
  const stored = await reader.last(resultSubject(id));
  if (stored === null) throw new DspexError("not_found", `no result of ${JSON.stringify(id)} to judge`);
  const result = (stored.json() as CloudEvent<Result>).data;
  const data = programFeedback(parsed.data, result, request.user);
  const eventId = randomUUID();
  const event = cloudEvent(PROGRAM_EVENTS.feedback.type, source, eventId, new Date().toISOString(), data);
  const subject = feedbackSubject(result.program, id, judgementOf(parsed.data, stored.sequence));
  try {
    await appender.append(subject, stringifyJson(event), { expectedLastSequence: 0 });
  } catch (error) {
    if (!isWrongLastSequence(error)) throw error;
    // The first one counts, whatever others say: unless that is this one, whose acknowledgement was lost.
    const first = (await reader.last(subject))?.json() as CloudEvent<unknown> | undefined;
    if (first?.id !== eventId) return { body: { duplicate: true } };
  }
  return { body: {} };
}

function resolveOwnId(request: ApiRequest): string {
  const given = request.tokens.slice(1).join(".");
  const id = resolveRequestId(request.user, given) ?? given;
  if (parseRequestId(id)?.user !== request.user)
    throw new DspexError("not_found", `no request ${JSON.stringify(given.slice(0, 200))}`);
  return id;
}
