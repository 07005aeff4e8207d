// The part of the API that speaks of policies: what is in force, what was learned, and, for administrators, what is to be
// in force instead.

import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import {
  type PolicyEvidence,
  type PolicyFrozen,
  type PolicySettings,
  policySettingsSchema,
} from "../../schemas/messages/policy-event.ts";
import { adminEndpoints, apiEndpoint } from "../bus/endpoints.ts";
import type { ApiRequest, Endpoint } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { evidenceOf } from "./contest/observe.ts";
import { decideFreeze, decidePromote, decideRollback, type PolicyAppend } from "./fold/decide.ts";
import { type HistoryAnswer, historyOf } from "./history/answer.ts";
import type { Learner } from "./learner.ts";
import { type Pattern, patternsOf } from "./patterns/report.ts";
import { type Difference, differencesOf, policyOf, type ShownPolicy } from "./published.ts";

/** An answer is one message, of at most 1 MiB. */
const MOST_BYTES = 512 * 1_024;
/** Published versions that `policy.list` tells of. */
const LISTED_VERSIONS = 16;

export interface PolicyListAnswer {
  current: PolicySettings;
  version: number;
  frozen: { all: boolean; programs: string[] };
  challengers: { settings: PolicySettings; evidence: PolicyEvidence }[];
  /** Newest last. */
  history: { version: number; sequence: number; time: string; verb: string; by?: string; what?: string }[];
}

/** `omitted` = programs, differences or patterns that would have made the answer too long. */
export type ShowAnswer = ShownPolicy & { omitted: number };
export interface DiffAnswer {
  from: number;
  to: number;
  differences: Difference[];
  omitted: number;
}
export interface PatternsAnswer {
  programs: { program: string; patterns: Pattern[] }[];
  omitted: number;
}

const text = z.string().max(1_024).optional();
const nothing = z.strictObject({});
const shownSchema = z.strictObject({
  version: z.number().int().nonnegative().optional(),
  program: z.string().optional(),
});
const diffSchema = z.strictObject({
  from: z.number().int().nonnegative(),
  to: z.number().int().nonnegative(),
  program: z.string().optional(),
});
const historySchema = z.strictObject({ program: z.string(), implementation: z.string().optional() });
const patternsSchema = z.strictObject({ program: z.string().optional() });
const promoteSchema = z.strictObject({ settings: z.union([z.string().max(64), policySettingsSchema]) });
const rollbackSchema = z.strictObject({ reason: text });
const freezeSchema = z.strictObject({ program: z.string().optional(), frozen: z.boolean(), reason: text });

export interface PolicyApi {
  learner: Learner;
  reader: LogReader;
}

export function policyEndpoints(api: PolicyApi): Endpoint[] {
  const { learner } = api;
  const asked: Record<string, (request: ApiRequest) => Promise<unknown>> = {
    list: async (request) => {
      body(nothing, request);
      return list(api);
    },
    show: (request) => show(api, request),
    diff: (request) => diff(api, request),
    history: async (request) => history(api, request),
    patterns: async (request) => patterns(api, request),
  };
  const ordered: Record<
    string,
    (request: ApiRequest) => (state: Learner["state"]) => PolicyAppend | undefined
  > = {
    promote: (request) => {
      const { settings } = body(promoteSchema, request);
      return (state) => decidePromote(state, settings, request.user);
    },
    rollback: (request) => {
      const { reason } = body(rollbackSchema, request);
      return (state) => decideRollback(state, request.user, reason);
    },
    freeze: (request) => {
      const { program, frozen, reason } = body(freezeSchema, request);
      const wanted: PolicyFrozen = {
        frozen,
        by: request.user,
        ...(program !== undefined && { program }),
        ...(reason !== undefined && { reason }),
      };
      return (state) => decideFreeze(state, wanted);
    },
  };
  return [
    ...Object.entries(asked).map(([verb, answer]) => apiEndpoint("policy", verb, answer)),
    ...Object.entries(ordered).flatMap(([verb, order]) =>
      adminEndpoints("policy", verb, async (request) => {
        const changed = await learner.execute(order(request));
        const { settings, version, frozen } = learner.state.policy;
        const now = { all: frozen.all, programs: [...frozen.programs] };
        return { changed, current: settings, version, frozen: now };
      }),
    ),
  ];
}

function list({ learner: { state } }: PolicyApi): PolicyListAnswer {
  const { policy, contest, journal } = state;
  const versions = journal.versions.slice(-LISTED_VERSIONS).map(({ version, sequence, timeMs }) => {
    return { version, sequence, time: timeOf(timeMs), verb: "updated" };
  });
  const turns = journal.turns.map(({ timeMs, ...turn }) => ({ ...turn, time: timeOf(timeMs) }));
  return {
    current: policy.settings,
    version: policy.version,
    frozen: { all: policy.frozen.all, programs: [...policy.frozen.programs] },
    challengers: contest.challengers.map((one) => {
      return { settings: one.settings, evidence: evidenceOf(contest, one) };
    }),
    history: [...versions, ...turns].sort((a, b) => a.sequence - b.sequence),
  };
}

async function show({ learner, reader }: PolicyApi, request: ApiRequest): Promise<ShowAnswer> {
  const { version, program } = body(shownSchema, request);
  const shown = await policyOf(learner.state, reader, { version, program });
  const programs = fitting(shown.programs);
  return { ...shown, programs, omitted: shown.programs.length - programs.length };
}

async function diff({ learner, reader }: PolicyApi, request: ApiRequest): Promise<DiffAnswer> {
  const { from, to, program } = body(diffSchema, request);
  const [before, after] = await Promise.all(
    [from, to].map((version) => policyOf(learner.state, reader, { version, program })),
  );
  const all = differencesOf(before as ShownPolicy, after as ShownPolicy);
  const differences = fitting(all);
  return { from, to, differences, omitted: all.length - differences.length };
}

function history({ learner: { state } }: PolicyApi, request: ApiRequest): HistoryAnswer {
  const { program, implementation } = body(historySchema, request);
  const series = state.history.programs.get(program);
  if (series === undefined && !state.programs.has(program)) throw unknownProgram(program);
  return historyOf(program, series ?? new Map(), state.timeMs, implementation, MOST_BYTES);
}

function patterns({ learner: { state } }: PolicyApi, request: ApiRequest): PatternsAnswer {
  const { program } = body(patternsSchema, request);
  if (program !== undefined && !state.programs.has(program)) throw unknownProgram(program);
  const names = program === undefined ? [...state.programs.keys()].sort() : [program];
  const all = names.flatMap((name) => {
    const found = patternsOf({
      changes: state.changes.get(name) ?? [],
      failing: state.failing.get(name),
      hours: state.hours.programs.get(name),
      statistics: state.learning.programs.get(name),
    });
    return found.map((pattern) => ({ program: name, pattern }));
  });
  const told = fitting(all);
  const byProgram = Map.groupBy(told, (one) => one.program);
  return {
    programs: [...byProgram].map(([name, some]) => ({
      program: name,
      patterns: some.map(({ pattern }) => pattern),
    })),
    omitted: all.length - told.length,
  };
}

/** As many from the front as an answer holds. */
function fitting<T>(all: readonly T[]): T[] {
  let bytes = 0;
  const end = all.findIndex((one) => {
    bytes += Buffer.byteLength(JSON.stringify(one));
    return bytes > MOST_BYTES;
  });
  return end < 0 ? [...all] : all.slice(0, end);
}

/** @throws DspexError `invalid_inputs` naming what does not fit. */
function body<Schema extends z.ZodType>(schema: Schema, request: ApiRequest): z.output<Schema> {
  const parsed = schema.safeParse(request.json());
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DspexError("invalid_inputs", `${request.tokens.join(".")}: ${issue?.message}`, {
    path: issue?.path.join("."),
  });
}

function unknownProgram(program: string): DspexError {
  return new DspexError(
    "unknown_program",
    `no program ${JSON.stringify(program.slice(0, 80))} is registered`,
  );
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
