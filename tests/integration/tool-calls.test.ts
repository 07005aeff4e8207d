// Programs that call programs: an agent of DSPy in a real pool, and users' Python code, call native programs over the
// bus and the real gateway, on behalf of the user whose request they answer.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { toolCallSubject } from "../../schemas/subjects.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import { type Dspex, isDspexError } from "../../services/client/mod.ts";
import { calculator } from "../../services/native/programs/calculator.ts";
import { defineConfig, defineProgram, dspy, native, python } from "../../services/programs/define.ts";
import { type ChatRequest, type FakeAnswer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { readLog } from "../kit/read-log.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const MODULES = fileURLToPath(new URL("../../python-modules", import.meta.url));
const AT = "2026-11-24T05:36:00.123Z";

/** What the native program was called with. */
const kept: Record<string, unknown>[] = [];

const config = defineConfig({
  programs: [
    calculator,
    // `self` is a name that DSPy keeps for itself.
    defineProgram(
      "keep-it",
      `"Keeps a thing." n: int, raw: bytes, at: datetime, self: str, day: date = "2026-01-02"
       -> more: int, back: bytes, later: datetime, calls: int`,
      {
        implementations: [
          native(
            "keep",
            (inputs) => {
              kept.push(inputs);
              const { n, raw, at } = inputs;
              // An integer beyond 2^53 is a bigint, whatever its type says.
              return { more: (BigInt(n) + 1n) as never, back: raw, later: at, calls: kept.length };
            },
            { inline: true },
          ),
        ],
      },
    ),
    defineProgram("agent", "question: str -> answer: str", {
      implementations: [
        dspy("react", {
          pool: "general",
          module: "ReAct",
          tools: [{ program: "keep-it" }, { program: "calculator" }],
        }),
      ],
    }),
    defineProgram("solve", "problem: str(min_length=1) -> answer: str, working: str", {
      implementations: [python("extract-and-calculate", { pool: "general", entry: "solve" })],
    }),
  ],
});

/** Unless a test says otherwise, the model writes the expression that the problem holds. */
const model = await startFakeModelServer((request, response) => {
  const [, expression = "none"] = /<<(.*?)>>/.exec(promptOf(request)) ?? [];
  return answers({ expression })(request, response);
});
let system: TestSystem;
let pool: TestPool;
let client: Dspex;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    keeper: { pools: { general: { workers: 1, slots: 4 } } },
  });
  const capabilities = { responseSchema: true, tools: false, vision: false, logprobs: false };
  pool = await startPool(system.nats, { model: model.model({ capabilities }), modules: [MODULES] });
  client = await system.client();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
});
beforeEach(() => {
  kept.length = 0;
});

const answers = (outputs: object) => says(JSON.stringify(outputs));
const uses = (tool: string, input: object) =>
  answers({ next_thought: "I need it.", next_tool_name: tool, next_tool_args: input });
const KEEP = uses("keep_it", { n: 2 ** 53, raw: "/wA=", at: AT, self_: "me" });
const FINISH = uses("finish", {});
const ANSWER = answers({ reasoning: "I read it.", answer: "kept" });

const lastPrompt = () => promptOf(model.requests.at(-1));
function promptOf(request: ChatRequest | undefined): string {
  return (request?.messages ?? []).map(({ content }) => content).join("\n");
}

/** Ids of the requests for a program in the log, in order, each as often as it was asked for. */
async function idsOf(program: string): Promise<string[]> {
  const records = await readLog(system.nats);
  return records
    .filter(({ subject }) => subject === `dspex.request.local.${program}`)
    .map(({ header }) => header(HEADER.id) ?? "");
}

test("an agent's tool - is a native program, called as the same user with its own values", async () => {
  model.next(KEEP, FINISH, ANSWER);
  assert.deepEqual(await client.program("agent")({ question: "keep it" }), { answer: "kept" });
  assert.deepEqual(kept, [
    {
      n: BigInt(2 ** 53),
      raw: Uint8Array.of(255, 0),
      at: new Date(AT),
      self: "me",
      day: "2026-01-02",
    },
  ]);
  const prompt = lastPrompt();
  for (const told of [`"more": ${2n ** 53n + 1n}`, '"back": "/wA="', `"later": "${AT.slice(0, -1)}`])
    assert.ok(prompt.includes(told), `${told} in ${prompt}`);
  const [id = ""] = await idsOf("keep-it");
  assert.match(id, /^local\.t\.[0-9a-f]{32}$/);
  assert.equal((await client.result(id)).status, "succeeded");
});

test("an agent's tool - tells what was wrong with its arguments, and may be called again", async () => {
  model.next(
    uses("calculator", { expression: "2 +" }),
    uses("calculator", { expression: "2**70" }),
    FINISH,
    ANSWER,
  );
  await client.program("agent")({ question: "compute" });
  assert.match(promptOf(model.requests.at(-3)), /invalid_inputs: expected a number/);
  assert.match(lastPrompt(), /"exact": "1180591620717411303424"/);
});

test("work that is delivered again - gets the first answer of each tool, which runs once", async () => {
  const [victim] = pool.pids();
  assert.ok(victim !== undefined);
  const before = await idsOf("keep-it");
  // After the tool has answered, and before the agent has: the process dies.
  const dies: FakeAnswer = () => void process.kill(victim, "SIGKILL");
  model.next(KEEP, dies, KEEP, FINISH, ANSWER);
  const run = await client.program("agent").submit({ question: "keep it once" });
  const result = await run.result();
  assert.equal(result.status, "succeeded");
  assert.equal(result.attempts.length, 1);
  assert.equal(kept.length, 1);
  assert.match(lastPrompt(), /"calls": 1\b/);
  const asked = (await idsOf("keep-it")).slice(before.length);
  assert.equal(asked.length, 2, "asked again after the redelivery");
  assert.equal(new Set(asked).size, 1, "under the same id");
  assert.ok(!before.includes(asked[0] ?? ""), "and another one than for another request");
});

test("users' code - calls a program with dspex.call", async () => {
  model.next(answers({ expression: "17 × 23" }));
  assert.deepEqual(await client.program("solve")({ problem: "What is 17 times 23?" }), {
    answer: "391",
    working: "17 × 23 = 391",
  });
  model.next(answers({ expression: "8/5 - 1" }));
  const { answer } = await client.program("solve")({ problem: "?" });
  assert.equal(answer, "0.6");
});

test("users' code - says what the called program refused", async () => {
  const failures = ["seventeen times twenty-three", "1/0", "", "2**2000"].map(async (expression) => {
    const error = await client
      .program("solve")({ problem: `The model says <<${expression}>>.` })
      .catch((thrown: unknown) => thrown);
    assert.ok(isDspexError(error), expression);
    assert.equal(error.code, "output_invalid", error.message);
    assert.match(error.message, /^the model's expression: /);
  });
  await Promise.all(failures);
});

test("a pool - calls nothing for work that is not in flight there", async () => {
  const connection = await system.nats.connectAs("pool-general");
  const records = await readLog(system.nats);
  const done = records.find(({ subject }) => subject === "dspex.work.general.any");
  const request = records.find(({ subject }) => subject.startsWith("dspex.request."));
  assert.ok(done !== undefined && request !== undefined);
  const { id } = (done.body as { data: { id: string } }).data;
  for (const [sequence, message] of [
    [done.sequence, /has its result already/],
    [request.sequence, /is no work of pool "general"/],
    [999_999, /is no work of pool "general"/],
  ] as const) {
    const headers = createHeaders();
    headers.set(HEADER.workId, id);
    headers.set(HEADER.workAttempt, "1");
    headers.set(HEADER.workSequence, String(sequence));
    headers.set(HEADER.toolCall, "1");
    const body = JSON.stringify({ expression: "1" });
    const reply = await connection.request(toolCallSubject("general", "calculator"), body, {
      headers,
      timeout: 20_000,
    });
    const error = reply.json() as { code: string; message: string };
    assert.equal(error.code, "not_allowed");
    assert.match(error.message, message);
  }
});
