// Puts a router's parts together: the fold, what it may run here, what it writes.

import { requestFields } from "../../observability/mod.ts";
import { type SessionSettings, sessionSettingsSchema } from "../../schemas/config/config.ts";
import { snapshotBucket, VALUE_BUCKET } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { PartSettings } from "../bus/part.ts";
import { ClaimCheck } from "../log/claim-check.ts";
import { type LogFill, watchLogFill } from "../log/fill.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import type { NativeFunctions } from "../programs/define.ts";
import { Answers } from "./answers.ts";
import { Attempts } from "./attempts.ts";
import { BreakerTeller } from "./breakers/teller.ts";
import type { RouterConfig } from "./config.ts";
import { Dispatcher } from "./dispatch.ts";
import { Endings } from "./endings.ts";
import { RouterFold } from "./fold.ts";
import { Hands } from "./hands.ts";
import { InlineAttempt } from "./inline-attempt.ts";
import { Journal } from "./journal.ts";
import { BeatWatch } from "./load/beat-watch.ts";
import { Strays } from "./load/strays.ts";
import { seenSlots } from "./load/wait.ts";
import { NativeRunner } from "./native-functions.ts";
import { NativeLanes } from "./native-lanes.ts";
import { Router } from "./router.ts";
import { SessionHistory } from "./session-history.ts";
import { SessionTurns } from "./session-turns.ts";
import { PoolSlots } from "./slots.ts";
import { WrittenResults } from "./written-results.ts";

export interface WiredRouter {
  router: Router;
  endings: Endings;
  fold: RouterFold;
  journal: Journal;
  reader: LogReader;
  lanes: NativeLanes;
  fill: LogFill;
  /** Look after workers that are gone; to be started once the fold has caught up. */
  lookouts: readonly (Strays | BeatWatch)[];
}

/** Slots of a pool that no setting names. */
const UNKNOWN_POOL_SLOTS = 4;

export interface WireOptions {
  config: RouterConfig;
  functions: NativeFunctions;
  configPath: string;
  sessions?: SessionSettings;
}

export async function wireRouter(
  settings: PartSettings,
  connection: NatsConnection,
  appender: Appender,
  { config, functions, configPath, sessions = sessionSettingsSchema.parse({}) }: WireOptions,
): Promise<WiredRouter> {
  const { logger, instance } = settings;
  const reader = await LogReader.open(connection);
  const claimCheck = new ClaimCheck(await ObjectBucket.open(connection, appender, VALUE_BUCKET));
  const written = new WrittenResults();
  const journal = new Journal(appender, `router/${instance}`, written);
  const lanes = new NativeLanes(configPath, config.nativeThreads);
  const runner = new NativeRunner(
    functions,
    lanes,
    ({ requestId, traceparent, program, implementation }, blockedMs) =>
      logger.warn(
        { ...requestFields(requestId, traceparent), program, implementation, blockedMs },
        "inline function held the router; declare it without inline",
      ),
  );
  const fold: RouterFold = new RouterFold({
    instance,
    logger,
    snapshots: await ObjectBucket.open(connection, appender, snapshotBucket("router")),
    snapshotEvery: config.snapshotEvery,
    written,
    onEvent: (event, closed) => router.onEvent(event, closed),
  });
  const slots = new PoolSlots(
    // The log may know of more workers than this process was configured for.
    (pool) => 2 * Math.max(config.poolSlots[pool] ?? UNKNOWN_POOL_SLOTS, seenSlots(fold.state.load, pool)),
    (pool) => fold.state.inFlight.get(pool) ?? 0,
    { perPool: config.waitingPerPool, total: config.waitingTotal },
  );
  const fill = await watchLogFill(connection);
  const hands = new Hands(slots);
  const answers = new Answers(journal, claimCheck, hands);
  const endings = new Endings({ connection, fold, reader, answers, hands, logger });
  const abilities = {
    hasFunction: (program: string, name: string) => runner.has(program, name),
    isLogFull: () => fill.isFull,
  };
  const pools = Object.keys(config.poolSlots);
  const inFlight = () => slots.unfinishedIn(pools);
  const history = new SessionHistory(fold, reader, sessions);
  const dispatcher = new Dispatcher({ slots, journal, claimCheck, reader, fold, history });
  const worker = String(instance);
  const inline = new InlineAttempt({
    runner,
    claimCheck,
    history,
    worker,
    timeoutMs: config.nativeTimeoutMs,
  });
  const attempts = new Attempts({
    fold,
    journal,
    inline,
    dispatcher,
    answers,
    abilities,
    inFlight,
    worker,
    logger,
  });
  const turns = new SessionTurns({
    now: () => ({ view: fold.state.sessions, nowMs: fold.state.timeMs }),
    reopen: sessions.reopen,
  });
  const teller = new BreakerTeller((...event) => journal.breaker(...event), logger);
  const router = new Router({
    fold,
    journal,
    reader,
    attempts,
    abilities,
    inFlight,
    slots,
    hands,
    answers,
    endings,
    turns,
    teller,
  });
  const common = { connection, fold, journal, reader, instance, logger };
  const lookouts = [new Strays(common), new BeatWatch(common)];
  return { router, endings, fold, journal, reader, lanes, fill, lookouts };
}
