// What Ctrl-C, SIGTERM and SIGHUP mean: the first asks the command to end, the second ends it.

import { EXIT } from "./exit-codes.ts";

export interface Signals {
  /** Aborted by the first. */
  interrupted: AbortSignal;
  /** Aborted by the second, just before the process ends: what was started is to be ended at once. */
  ended: AbortSignal;
}

/** npm hands on the Ctrl-C that the terminal has sent to us already: what comes at once is the same one. */
const SAME_SIGNAL_MS = 500;

export function listenToSignals(): Signals {
  const interrupted = new AbortController();
  const ended = new AbortController();
  let firstAtMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      interrupted.abort();
    } else if (nowMs - firstAtMs >= SAME_SIGNAL_MS) {
      ended.abort();
      process.exit(EXIT.interrupted);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return { interrupted: interrupted.signal, ended: ended.signal };
}
