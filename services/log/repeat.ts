// Does something again and again: the next time begins so long after the last one has ended, and keeps no process alive.

export interface Repeated {
  stop(): void;
}

/** What fails is told, and done again the next time. */
export function repeat(
  everyMs: number,
  work: () => Promise<unknown>,
  onError: (error: Error) => void,
): Repeated {
  let isStopped = false;
  let timer: NodeJS.Timeout;
  const plan = (): void => {
    timer = setTimeout(once, everyMs).unref();
  };
  const once = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isStopped) onError(error as Error);
    }
    if (!isStopped) plan();
  };
  plan();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
