// The part of the API that speaks of programs, and feedback on their results.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId, resolveRequestId } from "../../schemas/envelope/ids.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { feedbackSchema } from "../../schemas/messages/feedback.ts";
import { PROGRAM_EVENTS } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { adminPattern, apiPattern, programEventSubject, resultSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { Answer, ApiRequest, Endpoint } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { decideRegister, signatureText } from "./decide.ts";
import { definitionOf } from "./definition.ts";
import type { Registry } from "./registry.ts";

const namedSchema = z.strictObject({ name: z.string(), version: z.string().optional() });

export interface ProgramsApi {
  registry: Registry;
  appender: Appender;
  reader: LogReader;
  source: string;
}

export function programEndpoints(api: ProgramsApi): Endpoint[] {
  return [
    {
      name: "register",
      subject: adminPattern("program.register"),
      answer: (request) => register(api, request),
    },
    // Reachable for all users, but what changes things for all is the administrators'.
    { name: "register-refused", subject: apiPattern("program.register"), answer: refuse },
    { name: "list", subject: apiPattern("program.list"), answer: async () => list(api) },
    {
      name: "describe",
      subject: apiPattern("program.describe"),
      answer: async (request) => describe(api, request),
    },
    {
      name: "versions",
      subject: apiPattern("program.versions"),
      answer: async (request) => versions(api, request),
    },
    { name: "feedback", subject: apiPattern("feedback.>"), answer: (request) => feedback(api, request) },
  ];
}

async function register({ registry }: ProgramsApi, request: ApiRequest): Promise<Answer> {
  const definition = definitionOf(request.json());
  const created = await registry.execute(definition.name, (state) =>
    decideRegister(state, definition, request.user),
  );
  return { body: { name: definition.name, version: definition.version, created } };
}

async function refuse(): Promise<Answer> {
  throw new DspexError("not_allowed", "registering programs needs the right `admin`: ask on dspex-admin");
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
  const { name, version } = named(request);
  const definition = registry.find(name, version);
  return { body: { ...definition, signatureText: signatureText(definition) } };
}

function versions({ registry }: ProgramsApi, request: ApiRequest): Answer {
  const { name } = named(request);
  registry.find(name);
  const program = registry.state.programs.get(name);
  const all = [...(program?.versions.values() ?? [])];
  return {
    body: {
      name,
      current: program?.current,
      versions: all.map(({ definition, by, sequence, timeMs }) => ({
        version: definition.version,
        by,
        sequence,
        time: new Date(timeMs).toISOString(),
      })),
    },
  };
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
  const { program } = (stored.json() as CloudEvent<Result>).data;
  const data = { ...parsed.data, user: request.user };
  const event = cloudEvent(
    PROGRAM_EVENTS.feedback.type,
    source,
    randomUUID(),
    new Date().toISOString(),
    data,
  );
  await appender.append(programEventSubject(program, "feedback"), stringifyJson(event));
  return { body: {} };
}

function resolveOwnId(request: ApiRequest): string {
  const given = request.tokens.slice(1).join(".");
  const id = resolveRequestId(request.user, given) ?? given;
  if (parseRequestId(id)?.user !== request.user)
    throw new DspexError("not_found", `no request ${JSON.stringify(given.slice(0, 200))}`);
  return id;
}

function named(request: ApiRequest): z.infer<typeof namedSchema> {
  const parsed = namedSchema.safeParse(request.json());
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DspexError("invalid_inputs", `${request.tokens.join(".")}: ${issue?.message}`, {
      path: issue?.path.join("."),
    });
  }
  return parsed.data;
}
