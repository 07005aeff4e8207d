// The part of the API that speaks of variables: `variable.…`. Commands are for administrators alone.

import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import {
  MAX_VARIABLES,
  variableMetricSchema,
  variableNameSchema,
} from "../../schemas/messages/variable-event.ts";
import { checkPattern } from "../../schemas/variable-pattern.ts";
import { adminEndpoints, apiEndpoint } from "../bus/endpoints.ts";
import type { ApiRequest, Endpoint } from "../bus/micro-service.ts";
import type {
  VariableCommandAnswer,
  VariableDetails,
  VariableHistoryAnswer,
  VariableListAnswer,
} from "../client/variables-answers.ts";
import { getAnswer, historyAnswer, listAnswer } from "./answers.ts";
import { type Command, find } from "./decide.ts";
import { decodeEvent, type VariableEvent } from "./event.ts";
import { type OptimizeApi, optimizeEndpoints } from "./optimize/serve.ts";

const DEFAULT_HISTORY = 20;

const nameSchema = z.string().max(64);
const why = { reason: z.string().max(1_024).optional() };
const expectSchema = z.record(nameSchema, z.number().int().positive()).optional();

const listSchema = z.strictObject({
  pattern: z.string().optional(),
  deprecated: z.boolean().optional(),
  after: nameSchema.optional(),
});
const getSchema = z.strictObject({ name: nameSchema });
const historySchema = z.strictObject({
  name: nameSchema,
  limit: z.number().int().positive().max(1_000).optional(),
  before: z.number().int().positive().optional(),
});
const registerSchema = z.strictObject({ variables: z.array(z.unknown()).min(1).max(MAX_VARIABLES), ...why });
const setSchema = z.strictObject({
  values: z.record(nameSchema, z.unknown()),
  expect: expectSchema,
  metric: variableMetricSchema.optional(),
  ...why,
});
const resetSchema = z.strictObject({
  names: z.array(nameSchema).max(MAX_VARIABLES),
  expect: expectSchema,
  ...why,
});
const deprecateSchema = z.strictObject({
  name: nameSchema,
  replacedBy: variableNameSchema.optional(),
  expect: expectSchema,
  ...why,
});

export function variableEndpoints(api: OptimizeApi): Endpoint[] {
  const asked: Record<string, (request: ApiRequest) => Promise<unknown>> = {
    list: (request) => list(api, request),
    get: (request) => get(api, request),
    history: (request) => history(api, request),
  };
  const ordered: Record<string, (request: ApiRequest) => Command> = {
    register: (request) => ({ kind: "register", by: request.user, ...body(registerSchema, request) }),
    set: (request) => ({ kind: "set", by: request.user, ...body(setSchema, request) }),
    reset: (request) => ({ kind: "reset", by: request.user, ...body(resetSchema, request) }),
    deprecate: (request) => ({ kind: "deprecate", by: request.user, ...body(deprecateSchema, request) }),
  };
  return [
    ...Object.entries(asked).map(([verb, answer]) => apiEndpoint("variable", verb, answer)),
    ...Object.entries(ordered).flatMap(([verb, order]) =>
      adminEndpoints("variable", verb, async (request) => obey(api, order(request))),
    ),
    ...optimizeEndpoints(api),
  ];
}

async function obey({ registry }: OptimizeApi, command: Command): Promise<VariableCommandAnswer> {
  const done = await registry.execute(command);
  if (done === undefined) return { changed: false, changes: [], sequence: registry.state.sequence };
  return { changed: true, changes: "changes" in done.data ? done.data.changes : [], sequence: done.sequence };
}

async function list({ registry }: OptimizeApi, request: ApiRequest): Promise<VariableListAnswer> {
  const { pattern, deprecated, after } = body(listSchema, request);
  return listAnswer(await registry.now(), {
    ...(pattern !== undefined && { pattern: checkPattern(pattern, "pattern") }),
    ...(deprecated !== undefined && { deprecated }),
    ...(after !== undefined && { after }),
  });
}

async function get({ registry }: OptimizeApi, request: ApiRequest): Promise<VariableDetails> {
  const { name } = body(getSchema, request);
  const state = await registry.now();
  return getAnswer(state, find(state, name, "name"));
}

async function history(
  { registry, reader }: OptimizeApi,
  request: ApiRequest,
): Promise<VariableHistoryAnswer> {
  const { name, limit = DEFAULT_HISTORY, before = Number.POSITIVE_INFINITY } = body(historySchema, request);
  const kept = find(await registry.now(), name, "name").history.filter(({ version }) => version < before);
  const entries = kept.slice(-limit).reverse();
  const large = entries.filter(({ value }) => value === undefined);
  const values = await Promise.all(
    large.map(async ({ sequence }) => [sequence, await valueAt(reader, sequence, name)] as const),
  );
  return historyAnswer(name, entries, new Map(values), entries.length === kept.length);
}

async function valueAt(reader: OptimizeApi["reader"], sequence: number, name: string): Promise<unknown> {
  const message = await reader.at(sequence);
  const event = message === null ? undefined : decodeEvent(message);
  return event === undefined ? undefined : valueIn(event, name);
}

function valueIn(event: VariableEvent, name: string): unknown {
  switch (event.verb) {
    case "deprecated":
      return event.data.value;
    case "rejected":
      return undefined;
    default:
      return event.data.changes.find((change) => change.name === name)?.value;
  }
}

/** @throws DspexError `invalid_inputs` naming what does not fit. */
function body<Schema extends z.ZodType>(schema: Schema, request: ApiRequest): z.output<Schema> {
  return check(schema, request.json());
}
