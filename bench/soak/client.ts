// The application of a soak: mostly plain requests, and of everything else that parts remember something: chosen ids,
// turns of sessions, judgements, requests that fail.

import { connect, isDspexError, signature } from "../../services/client/mod.ts";
import { serveParent } from "../kit/child-process.ts";
import { PAYLOAD_TEXT } from "../kit/payload.ts";

export interface SoakClientSettings {
  url: string;
  user: string;
  password: string;
}

export interface Stretch {
  /** Numbers of the requests: from … to, without the last. */
  from: number;
  to: number;
  inFlight: number;
}

const CHOSEN_EACH = 20;
const SESSION_EACH = 50;
const JUDGED_EACH = 100;
const WRONG_EACH = 200;
const SESSIONS = 100;

serveParent(async ({ url, user, password }: SoakClientSettings) => {
  const dspex = await connect({ url, user, password });
  const echo = dspex.program("echo", signature("text: str -> echo: str"));
  const untyped = dspex.program("echo");

  const call = async (n: number): Promise<void> => {
    if (n % WRONG_EACH === 1) {
      const refused = await untyped({ text: n }).catch((error: unknown) => error);
      if (!isDspexError(refused) || refused.code !== "invalid_inputs") throw new Error("a number was echoed");
      return;
    }
    const run = await echo.submit(
      { text: PAYLOAD_TEXT },
      {
        ...(n % CHOSEN_EACH === 2 && { id: `soak-${n}` }),
        ...(n % SESSION_EACH === 3 && { session: `soak-${((n / SESSION_EACH) % SESSIONS) | 0}` }),
      },
    );
    if ((await run.outputs()).echo !== PAYLOAD_TEXT) throw new Error("wrong echo");
    if (n % JUDGED_EACH === 4) await run.feedback(1);
  };

  return {
    load: async ({ from, to, inFlight }: Stretch): Promise<number> => {
      let next = from;
      const startedAt = performance.now();
      await Promise.all(
        Array.from({ length: inFlight }, async () => {
          while (next < to) await call(next++);
        }),
      );
      return (performance.now() - startedAt) / 1_000;
    },
    stop: () => dspex.close(),
  };
});
