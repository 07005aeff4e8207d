// What does the router itself cost a request: to read, fold and decide it, run an inline function, write the result?
//
// All in memory, in µs of CPU: no log, no server. Whatever a durable request costs beyond these goes to JetStream, to
// its client library and to the application's side.

import { createLogger } from "../observability/mod.ts";
import { parseJson, stringifyJson } from "../schemas/envelope/json.ts";
import { requestHash } from "../schemas/envelope/request-hash.ts";
import type { Appender } from "../services/bus/append.ts";
import { connectBus, type NatsConnection, roleInboxPrefix } from "../services/bus/connect.ts";
import type { Delivery } from "../services/log/work.ts";
import { routerConfigSchema } from "../services/router/config.ts";
import { decideRequest } from "../services/router/decide.ts";
import { decodeEvent, type RouterEvent } from "../services/router/event.ts";
import { evolve } from "../services/router/evolve.ts";
import type { Intake } from "../services/router/intake.ts";
import type { Router } from "../services/router/router.ts";
import { initialState, type RouterState } from "../services/router/state.ts";
import { wireRouter } from "../services/router/wire.ts";
import { startUp } from "./dspex/up.ts";
import {
  echoDefinition,
  functions,
  requestBody,
  requestMessage,
  resultMessage,
  USER,
} from "./kit/fixtures.ts";
import { micro } from "./kit/micro.ts";
import { PAYLOAD_TEXT as text } from "./kit/payload.ts";
import { Report, shownSpread } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";

const settings = benchSettings({ rounds: 15, seconds: 0.1 });
if (settings.short) settings.roundMs = 10;
const report = new Report(import.meta.filename, settings);

const abilities = { hasFunction: () => true, isLogFull: () => false };
const inFlight = {};
let state: RouterState = evolve(initialState(), {
  kind: "program-registered",
  sequence: 1,
  timeMs: 0,
  definition: echoDefinition(),
});
let n = 0;
let lastResult: Uint8Array = new Uint8Array();
const intakes = new Map<number, Intake>();
// The server is there for the wiring alone: what is measured does not reach it.
await using server = await startBenchServer("1s");
await using _keeper = await startUp({ home: server.home, url: server.url, parts: ["keeper"] });
const connection = await connectBus({
  url: server.url,
  ...server.router,
  name: "bench-decision",
  inboxPrefix: roleInboxPrefix("router"),
});
const router = await inMemoryRouter(connection);
await request();
const body = requestBody(1, text);
const bytes = Buffer.from(body);
const resultBytes = lastResult;
const written = parseJson(lastResult);
const sample = decoded(requestMessage(1, 2, text));
if (sample.kind !== "request" || sample.intake.request === undefined) throw new Error("not a request");
const { intake } = sample;
const asked = { program: intake.program, inputs: { text }, options: {} };

const results = await micro(
  [
    { name: "request: parse JSON", run: (count) => times(count, () => parseJson(bytes)) },
    {
      name: "request: decode (JSON, schema, id)",
      run: (count) => times(count, () => decoded(requestMessage(1, 2, text))),
    },
    { name: "  of that, making the message", run: (count) => times(count, () => requestMessage(1, 2, text)) },
    { name: "request and result: evolve", run: (count) => times(count, evolveBoth) },
    {
      name: "request: decide",
      run: (count) => times(count, () => decideRequest(state, intake, inFlight, abilities)),
    },
    { name: "request: hash", run: (count) => times(count, () => requestHash(asked)) },
    { name: "result: write JSON", run: (count) => times(count, () => stringifyJson(written)) },
    { name: "result: parse JSON", run: (count) => times(count, () => parseJson(resultBytes)) },
    {
      name: "result: decode (JSON, ending, outcome)",
      run: (count) => times(count, () => decoded(resultMessage(1, 3, lastResult))),
    },
    {
      name: "whole request: decode, fold, decide, run, write, fold",
      run: async (count) => {
        for (let at = 0; at < count; at++) await request();
        return lastResult;
      },
    },
  ],
  settings,
);
await connection.close();
report.put("micros", results);
report.put("resultBytes", resultBytes.length);
report.table({
  title: `the router in memory, 400-byte payload (request ${bytes.length} bytes, result ${resultBytes.length} bytes)`,
  columns: ["", "CPU µs"],
  rows: results.map(({ name, micros }) => [name, shownSpread(micros)]),
});
report.finish();

function times(count: number, run: () => unknown): unknown {
  let last: unknown;
  for (let at = 0; at < count; at++) last = run();
  return last;
}

function decoded(message: Parameters<typeof decodeEvent>[0]): RouterEvent {
  const event = decodeEvent(message);
  if (event === undefined) throw new Error(`${message.subject} is no event`);
  return event;
}

function evolveBoth(): RouterState {
  n++;
  const id = `${USER}.0f3c5a7e9b1d24680a.${n}`;
  state = evolve(state, { kind: "request", sequence: 2 * n, timeMs: n, intake: { ...intake, id } });
  state = evolve(state, { kind: "result", sequence: 2 * n + 1, timeMs: n, id });
  return state;
}

/** One request through the router, as its fold and its consumer hand it on. */
async function request(): Promise<void> {
  n++;
  const message = requestMessage(n, 2 * n, text);
  const event = decoded(message);
  state = evolve(state, event);
  router.onEvent(event, undefined);
  if (event.kind === "request") intakes.set(event.sequence, event.intake);
  await router.handleRequest({ ...message, deliveries: 1 } as unknown as Delivery);
  const result = decoded(resultMessage(n, 2 * n + 1, lastResult));
  const closed = result.kind === "result" ? state.open.get(result.id) : undefined;
  if (closed === undefined) throw new Error("the router did not answer");
  state = evolve(state, result);
  router.onEvent(result, closed);
}

/** The router as a process wires it, but its appender stores nothing and its fold is driven from here. */
async function inMemoryRouter(connection: NatsConnection): Promise<Router> {
  const appender = {
    append: (_subject: string, data: Uint8Array) => {
      lastResult = data;
      return Promise.resolve(1);
    },
  } as unknown as Appender;
  const { router, fold } = await wireRouter(
    { natsUrl: "", role: "router", password: "", instance: 1, logger: createLogger({ level: "warn" }) },
    connection,
    appender,
    { config: routerConfigSchema.parse({}), functions, configPath: "" },
  );
  fold.state = state;
  fold.takeIntake = (sequence) => {
    const taken = intakes.get(sequence);
    intakes.delete(sequence);
    return taken;
  };
  return router;
}
