// What is it worth that a session's turns stay in one slot of the model's server?
//
// The embedded model, asked as the TypeScript worker asks it. First one session with a thousand tokens behind it: its
// next turn in the slot that it was in, beside the same turn moved to another slot. Then several sessions whose turns
// come in turn: each in its slot, beside a server that is told none and chooses by itself; as many as there are slots,
// fewer with requests without a session in between, and more. `--rounds 9` measures longer.

import { parseSignature } from "../schemas/signature/mod.ts";
import { createModelAdapters, type ModelAnswer, type Turn } from "../services/native/adapters/mod.ts";
import { ModelSlots } from "../services/native/model-slots.ts";
import { says, startFakeModelServer } from "../tests/kit/fake-model-server.ts";
import { SeededRandom } from "../tests/kit/random.ts";
import { startModelServer, type TestModelServer } from "../tests/kit/start-model-server.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";

const settings = benchSettings({ rounds: 5, seconds: 0 });
const SLOTS = 4;
const TURNS = settings.short ? 2 : 3;
const [LONG_WORDS, SHORT_WORDS] = settings.short ? [60, 40] : [860, 200];
const signature = parseSignature("question: str -> answer: bool");
const random = new SeededRandom(7);
const WORDS =
  "time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name president team minute idea body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education".split(
    " ",
  );

const report = new Report(import.meta.filename, settings);
await using server = settings.short ? await startPlayedModel() : await startModelServer();
const { structured } = createModelAdapters({ variables: {} });

/** To see that it runs no model has to compute. */
async function startPlayedModel(): Promise<TestModelServer> {
  const played = await startFakeModelServer(says('{"answer": true}'));
  const capabilities = { responseSchema: true, tools: false, vision: false, logprobs: false };
  const model = played.model({ capabilities, cacheSlots: SLOTS });
  return { baseUrl: played.baseUrl, model, [Symbol.asyncDispose]: () => played[Symbol.asyncDispose]() };
}

function ask(history: readonly Turn[], question: string, slot: number | undefined): Promise<ModelAnswer> {
  return structured.call({
    model: server.model,
    signature,
    inputs: { question },
    settings: { temperature: 0 },
    history,
    slot,
    signal: AbortSignal.timeout(120_000),
  });
}

/** As prompts of one program begin: what is to be done comes first. */
const TASK =
  "You are given a list of words, and then questions about them. Keep the words in their order, count them from one, and do not mind what they mean together. Answer each question by yes or no, as the list has it.";

/** A conversation so far: one long turn. */
function conversation(words: number): Turn[] {
  const text = Array.from({ length: words }, () => WORDS[random.between(0, WORDS.length)]).join(" ");
  return [{ inputs: { question: `${TASK} ${text}` }, outputs: { answer: true } }];
}

/** Of the whole call; the answer itself is some six tokens. */
const msOf = ({ timings }: ModelAnswer): number => timings.totalMs;

const cold: number[] = [];
const kept: number[] = [];
const moved: number[] = [];
let tokens = 0;
await ask(conversation(20), "Are you there?", 0);
for (let round = 0; round < settings.rounds; round++) {
  const [own, other] = [round % SLOTS, (round + 1 + (round % (SLOTS - 1))) % SLOTS];
  const history = conversation(LONG_WORDS);
  const first = await ask(history, "Was the first word a verb?", own);
  cold.push(msOf(first));
  tokens = first.usage.inputTokens;
  const longer = [...history, { inputs: { question: "Was the first word a verb?" }, outputs: first.outputs }];
  const sides = [
    async () => kept.push(msOf(await ask(longer, "And the second?", own))),
    async () => moved.push(msOf(await ask(longer, "And the second?", other))),
  ];
  for (const side of round % 2 === 0 ? sides : sides.toReversed()) await side();
}
const ratios = moved.map((ms, round) => ms / (kept[round] ?? Number.NaN));
report.put("oneSession", { tokens, cold, kept, moved, ratios });
report.table({
  title: `one session with ${shown(tokens)} tokens: ms a turn`,
  columns: ["its first turn", "next turn, slot kept", "next turn, moved", "moved ÷ kept"],
  rows: [[cold, kept, moved, ratios].map((values) => shownSpread(spread(values)))],
});

type Chooser = (session: string) => Disposable & { slot?: number };
const slots = new ModelSlots();
const inItsSlot: Chooser = (session) => {
  const lease = slots.lease(server.baseUrl, SLOTS, session);
  return {
    ...(lease !== undefined && { slot: lease.slot }),
    [Symbol.dispose]: () => lease?.[Symbol.dispose](),
  };
};
const anySlot: Chooser = () => ({ [Symbol.dispose]: () => {} });

/** A request without a session. */
async function other(choose: Chooser, question: string): Promise<void> {
  using lease = choose("words/structured");
  await ask([], `${TASK} ${question}`, lease.slot);
}

interface Case {
  name: string;
  sessions: number;
  hasOthers: boolean;
}

/** Time of each turn after a session's first, ms. */
async function interleaved(choose: Chooser, { sessions: count, hasOthers }: Case, round: number) {
  const sessions = Array.from({ length: count }, (_, n) => ({
    name: `local.${count}-${round}-${n}`,
    history: conversation(SHORT_WORDS),
  }));
  const times: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const session of sessions) {
      if (hasOthers) await other(choose, `Is "${WORDS[random.between(0, WORDS.length)]}" a verb?`);
      using lease = choose(session.name);
      const question = `Was word ${turn + 1} a verb?`;
      const answer = await ask(session.history, question, lease.slot);
      session.history.push({ inputs: { question }, outputs: answer.outputs });
      if (turn > 0) times.push(msOf(answer));
    }
  }
  return times;
}

const rows: string[][] = [];
for (const one of [
  { name: `${SLOTS} sessions`, sessions: SLOTS, hasOthers: false },
  { name: `${SLOTS - 1} sessions, other requests in between`, sessions: SLOTS - 1, hasOthers: true },
  { name: `${SLOTS + 1} sessions`, sessions: SLOTS + 1, hasOthers: false },
]) {
  const sides = [
    { chooser: inItsSlot, means: [] as number[] },
    { chooser: anySlot, means: [] as number[] },
  ];
  const rounds = Math.ceil(settings.rounds / 2);
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const times = await interleaved(side.chooser, one, round);
      side.means.push(times.reduce((sum, ms) => sum + ms, 0) / times.length);
    }
  }
  const [own, any] = sides.map(({ means }) => means) as [number[], number[]];
  const ratio = any.map((ms, round) => ms / (own[round] ?? Number.NaN));
  report.put(one.name, { own, any, ratio });
  rows.push([one.name, ...[own, any, ratio].map((values) => shownSpread(spread(values)))]);
}
report.table({
  title: `${SLOTS} slots, sessions whose turns come in turn: ms a turn, mean of a round`,
  columns: ["", "in their slots", "as the server chooses", "ratio"],
  rows,
});
report.finish();
