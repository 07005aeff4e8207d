// Reads what the log holds of one request: by the sequences that its result names, or the router's for one that is
// open, and around the decision what was registered and published by then. Point reads, never a scan.

import { DspexError } from "../../../schemas/errors.ts";
import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import type {
  ProgramDefinition,
  ProgramFeedback,
  ProgramRegistered,
} from "../../../schemas/messages/program-event.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { CanaryStarted } from "../../../schemas/messages/version-event.ts";
import type { Work } from "../../../schemas/messages/work.ts";
import { feedbackOf, parseLogSubject, programEventSubject } from "../../../schemas/subjects.ts";
import type { RequestLookup } from "../../gateway/lookup.ts";
import type { LogReader, StoredMessage } from "../../log/read.ts";
import { readIntake } from "../../router/intake.ts";
import type { JournalState } from "../fold/journal.ts";
import { brokenAt } from "./broken-at.ts";
import { policyAt } from "./policy-at.ts";
import { firstDecision, type RequestStory, type Told } from "./story.ts";
import { told } from "./told.ts";

/** Judgements of one result that are told. */
const MOST_FEEDBACK = 50;
/** Registrations that are looked at one after the other. */
const STEPS_BACK = 100;

const NONE_BROKEN: ReadonlyMap<string, string> = new Map();

export interface GatherParts {
  reader: LogReader;
  lookup: RequestLookup;
  journal: JournalState;
}

/** @throws DspexError `not_found` when the log knows nothing of it. */
export async function gatherStory(
  id: string,
  { reader, lookup, journal }: GatherParts,
): Promise<RequestStory> {
  const stored =
    (await lookup.storedResult(id)) ?? (await lookup.open(id)) ?? (await lookup.storedResult(id));
  if (stored === undefined) throw new DspexError("not_found", `no request ${JSON.stringify(id)}`);
  const result: Told<Result> | undefined = "result" in stored ? told<Result>(stored.message) : undefined;
  const log = "result" in stored ? stored.result.log : stored;
  const [request, work, failures] = await Promise.all([
    reader.at(log.request),
    readAll<Work>(reader, log.work),
    readAll<AttemptFailed>(reader, log.failures),
  ]);
  const base = {
    id,
    sequence: log.request,
    work,
    failures,
    result,
    ...requestFacts(request, result, work),
  };
  const known = {
    ...base,
    feedback: [],
    moreFeedback: false,
    definition: undefined,
    policy: undefined,
    broken: NONE_BROKEN,
  };
  const decision = firstDecision(known)?.decision;
  const upTo = decision?.stateSequence ?? result?.sequence ?? log.request;
  const version = result?.data.version ?? work[0]?.data.version ?? base.asked?.options.version;
  const hasIneligible = decision?.candidates.some(({ eligible }) => !eligible) === true;
  const [definition, policy, broken, feedback] = await Promise.all([
    definitionAt(reader, base.program, version, upTo),
    decision === undefined ? undefined : policyAt(reader, journal, base.program, upTo),
    hasIneligible ? brokenAt(reader, upTo) : NONE_BROKEN,
    result === undefined ? [] : reader.some(feedbackOf(base.program, id), result.sequence, MOST_FEEDBACK + 1),
  ]);
  return {
    ...base,
    definition,
    policy,
    broken,
    feedback: feedback.slice(0, MOST_FEEDBACK).map((message) => told<ProgramFeedback>(message)),
    moreFeedback: feedback.length > MOST_FEEDBACK,
  };
}

/** When it came and what it asked; from what followed, where it is not in the log any more. */
function requestFacts(
  request: StoredMessage | null,
  result: Told<Result> | undefined,
  work: readonly Told<Work>[],
): Pick<RequestStory, "program" | "timeMs" | "asked"> {
  const subject = request === null ? undefined : parseLogSubject(request.subject);
  if (request !== null && subject?.kind === "request") {
    const { user, program } = subject;
    const intake = readIntake(user, program, request);
    const { inputs, options } = intake.request ?? {};
    const asked = inputs === undefined || options === undefined ? undefined : { inputs, options };
    return { program, timeMs: request.timeMs, asked };
  }
  const [first] = work;
  if (first !== undefined)
    return { program: first.data.program, timeMs: Date.parse(first.data.requestedAt), asked: undefined };
  if (result === undefined) throw new DspexError("gone", "the request is not in the log any more");
  const { program, timings } = result.data;
  return { program, timeMs: result.timeMs - timings.totalMs, asked: undefined };
}

async function readAll<Data>(reader: LogReader, sequences: readonly number[]): Promise<Told<Data>[]> {
  const messages = await Promise.all(sequences.map((sequence) => reader.at(sequence)));
  return messages.flatMap((message) => (message === null ? [] : [told<Data>(message)]));
}

/** The definition of that version, as it was registered by then; a version that was told again later is the same one. */
async function definitionAt(
  reader: LogReader,
  program: string,
  version: string | undefined,
  upTo: number,
): Promise<ProgramDefinition | undefined> {
  const subject = programEventSubject(program, "registered");
  let before = upTo;
  for (let step = 0; step < STEPS_BACK && before > 0; step++) {
    const message = await reader.lastUpTo(subject, before);
    if (message === null) break;
    const { by: _by, ...definition } = told<ProgramRegistered>(message).data;
    if (version === undefined || definition.version === version) return definition;
    before = message.sequence - 1;
  }
  const later = await reader.some(subject, upTo + 1, STEPS_BACK);
  for (const message of later) {
    const { by: _by, ...definition } = told<ProgramRegistered>(message).data;
    if (definition.version === version) return definition;
  }
  // Only tried by then.
  const tried = await reader.lastUpTo(programEventSubject(program, "canary-started"), upTo);
  const definition = tried === null ? undefined : told<CanaryStarted>(tried).data.definition;
  return definition?.version === version ? definition : undefined;
}
