// Real processes that are really killed, in short; the long versions are in `npm run chaos`. `DSPEX_TEST_SEED` repeats
// a run.

import { describe, test } from "node:test";
import { killUnderLoad } from "../chaos/kill-under-load.ts";
import { oneId } from "../chaos/one-id.ts";
import { pausedRouter } from "../chaos/paused-router.ts";
import { chooseSeed } from "../kit/random.ts";

/** The suite tries the same each time; `npm run chaos` tries something new. */
const SEED = 20_261;
/** All of them at once, and the machine may be slow. */
const PATIENT = { timeout: 220_000 };

// They mostly wait: for acknowledgements that do not come, for a server that is away.
describe("faults", { concurrency: true }, () => {
  test("kill -9 of everything under load - each acknowledged request has one result", PATIENT, async (t) => {
    await killUnderLoad({
      seed: chooseSeed(SEED),
      requests: 400,
      clients: 3,
      bursts: 12,
      loadMs: 9_000,
      faults: ["router", "client", "server", "pool", "lone-router", "outage"],
      outageMs: 10_000,
      mix: [
        ["tally", 4],
        ["tally_thread", 2],
        ["tally_python", 2],
        ["tally_flaky", 1],
        ["tally_fallback", 1],
      ],
      poolProcesses: 1,
      routerAckWaitMs: 4_000,
      patienceMs: 80_000,
      say: (text) => t.diagnostic(text),
    });
  });

  test("a router that stood still - runs nothing of what was finished meanwhile", PATIENT, async (t) => {
    await pausedRouter({
      seed: chooseSeed(SEED),
      requests: 60,
      ackWaitMs: 2_000,
      pauseMs: 3_000,
      say: (text) => t.diagnostic(text),
    });
  });

  test(
    "one id - over kills of everything is one run and one result, and nobody else's",
    PATIENT,
    async (t) => {
      await oneId({ say: (text) => t.diagnostic(text) });
    },
  );
});
