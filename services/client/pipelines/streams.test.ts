import assert from "node:assert/strict";
import test from "node:test";
import type { StreamChunk } from "../stream.ts";
import type { RunEventAnswer } from "./answers.ts";
import { StreamPlace } from "./stream-place.ts";
import { runStream, type StreamSources } from "./streams.ts";

const started = (sequence: number, ...steps: [stage: number, name: string, n: number][]): RunEventAnswer => ({
  sequence,
  time: "2026-01-01T00:00:00Z",
  verb: "stage-started",
  data: { steps: steps.map(([stage, name, n]) => ({ kind: "started", stage, name, n })) },
});

async function* chunksOf(id: string, texts: readonly string[], after = -1): AsyncGenerator<StreamChunk> {
  for (const [index, text] of texts.entries())
    if (index > after) yield { id, attempt: 1, delivery: 1, index, text, position: `1.1.${index}` };
}

function sources(texts: Record<string, readonly string[]>, events: RunEventAnswer[]): StreamSources {
  return {
    events: (async function* () {
      yield* events;
    })(),
    streams: (stage) => stage !== 9,
    requestId: (stage, n) => `u.p.r_${stage}_${n}`,
    chunks: (id, { after }) =>
      chunksOf(id, texts[id] ?? [], after === undefined ? -1 : Number(after.split(".")[2])),
  };
}

const TEXTS = { "u.p.r_1_1": ["a", "b", "c"], "u.p.r_2_1": ["x", "y"], "u.p.r_1_2": ["d"] };
const EVENTS = [started(1, [1, "one", 1], [9, "quiet", 1]), started(2, [2, "two", 1], [1, "one", 2])];

test("streams - of all stages that stream, each in its order", async () => {
  const all = await Array.fromAsync(runStream(sources(TEXTS, EVENTS), {}));
  const texts = Map.groupBy(all, ({ stage, n }) => `${stage} ${n}`);
  assert.deepEqual([...texts].map(([key, chunks]) => [key, chunks.map(({ text }) => text).join("")]).sort(), [
    ["one 1", "abc"],
    ["one 2", "d"],
    ["two 1", "xy"],
  ]);
});

test("streams - go on behind a position: none missing, none twice", async () => {
  const whole = await Array.fromAsync(runStream(sources(TEXTS, EVENTS), {}));
  for (const [n, { position }] of whole.entries()) {
    const rest = await Array.fromAsync(runStream(sources(TEXTS, EVENTS), { after: position }));
    const told = [...whole.slice(0, n + 1), ...rest].map(({ id, text }) => `${id} ${text}`);
    assert.deepEqual(told.sort(), whole.map(({ id, text }) => `${id} ${text}`).sort());
  }
});

test("streams - one that fails ends alone", async () => {
  const broken = sources(TEXTS, EVENTS);
  const all = await Array.fromAsync(
    runStream(
      {
        ...broken,
        chunks: (id, options) =>
          id === "u.p.r_1_1"
            ? (async function* (): AsyncGenerator<StreamChunk> {
                yield* chunksOf(id, ["a"]);
                throw new Error("the request failed");
              })()
            : broken.chunks(id, options),
      },
      {},
    ),
  );
  assert.equal(
    all
      .map(({ text }) => text)
      .sort()
      .join(""),
    "adxy",
  );
});

test("streams - of some stages alone; a reader that leaves ends them", async () => {
  const some = await Array.fromAsync(runStream(sources(TEXTS, EVENTS), { stages: ["two"] }));
  assert.equal(some.map(({ text }) => text).join(""), "xy");
  for await (const { text } of runStream(sources(TEXTS, EVENTS), {})) {
    assert.equal(text, "a");
    break;
  }
});

test("place - is short however many requests were read to their end", () => {
  const place = new StreamPlace();
  for (let n = 1_000; n > 0; n--) place.readToEnd(3, n);
  place.readToEnd(4, 2);
  place.at(4, 7, "1.1.3");
  assert.equal(place.toString(), "3:1-1000,4:2,4_7:1.1.3");
  const again = StreamPlace.parse(place.toString());
  assert.ok(again.isRead(3, 500) && !again.isRead(3, 1_001) && again.isRead(4, 2) && !again.isRead(4, 3));
  assert.equal(again.positionOf(4, 7), "1.1.3");
  again.readToEnd(4, 3);
  again.readToEnd(4, 7);
  assert.equal(again.toString(), "3:1-1000,4:2-3,4:7");
  assert.throws(() => StreamPlace.parse("nonsense"), { code: "invalid_inputs" });
});

test("streams - ask a source that is slow once, however many chunks another one has", async () => {
  let listeners = 0;
  // biome-ignore lint/suspicious/noThenProperty: it counts who listens
  const silent = { then: () => listeners++ } as unknown as Promise<IteratorResult<RunEventAnswer>>;
  let asked = 0;
  const first = { done: false, value: started(1, [1, "one", 1]) } as const;
  const events = { next: () => (asked++ === 0 ? Promise.resolve(first) : silent) };
  const texts = { "u.p.r_1_1": Array.from({ length: 1_000 }, () => "a") };
  const stream = runStream({ ...sources(texts, []), events }, {});
  for (let n = 0; n < 1_000; n++) assert.equal((await stream.next()).done, false);
  assert.deepEqual([asked, listeners], [2, 1]);
});
