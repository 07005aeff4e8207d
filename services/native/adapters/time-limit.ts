// One signal for a call that ends when its time is up or its caller gives up, and which of the two it was.

export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
  readonly timedOut: boolean;
  readonly elapsedMs: number;
}

export function startTimeLimit(timeoutMs: number, caller: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const start = performance.now();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, timeoutMs);
  const giveUp = () => controller.abort();
  if (caller.aborted) giveUp();
  else caller.addEventListener("abort", giveUp, { once: true });
  return {
    signal: controller.signal,
    get timedOut() {
      return timedOut;
    },
    get elapsedMs() {
      return performance.now() - start;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      caller.removeEventListener("abort", giveUp);
    },
  };
}
