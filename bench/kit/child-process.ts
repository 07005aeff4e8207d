// A measured process of its own: the two sides of a benchmark must not share a thread or a heap with each other or with
// who measures. The parent asks by verb over Node's IPC, the child answers.
//
//   parent: await using child = await startChild(new URL("../floor/client.ts", import.meta.url), { …settings });
//           await child.ask("load", { inFlight: 64, durationMs: 2_000 })
//   child:  serveParent(async (settings) => ({ load: (given) => …, stop: () => … }))

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Child extends AsyncDisposable {
  readonly pid: number;
  ask<Answer>(verb: string, given?: unknown): Promise<Answer>;
}

type Handlers = Record<string, (given: never) => unknown>;
interface Question {
  n: number;
  verb: string;
  given: unknown;
}
interface Answered {
  n: number;
  value?: unknown;
  error?: string;
}

/** Asked of every child first, with its settings. */
const START = "start";
/** Asked last; a handler of that name may release what the child holds. */
const STOP = "stop";
const STOP_MS = 10_000;

export async function startChild(file: URL, settings: unknown, execArgv: string[] = []): Promise<Child> {
  const child = fork(fileURLToPath(file), [], { execArgv, serialization: "advanced" });
  const asked = new Map<number, PromiseWithResolvers<unknown>>();
  let n = 0;
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      for (const { reject } of asked.values())
        reject(new Error(`${file.pathname} ended: ${signal ?? `code ${code}`}`));
      resolve();
    });
  });
  child.on("message", (message) => {
    const { n: number, value, error } = message as Answered;
    const question = asked.get(number);
    asked.delete(number);
    if (error === undefined) question?.resolve(value);
    else question?.reject(new Error(`${file.pathname}: ${error}`));
  });
  const ask = <Answer>(verb: string, given?: unknown): Promise<Answer> => {
    const question = Promise.withResolvers<unknown>();
    asked.set(++n, question);
    child.send({ n, verb, given } satisfies Question);
    return question.promise as Promise<Answer>;
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ask(STOP).catch(() => {});
    child.disconnect();
    await exited;
    clearTimeout(timer);
  };
  try {
    await ask(START, settings);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return { pid: child.pid as number, ask, [Symbol.asyncDispose]: stop };
}

/** In the child: `start` gets the settings and gives the verbs that it answers. It ends when the parent is gone. */
export function serveParent(start: (settings: never) => Promise<Handlers>): void {
  let handlers: Handlers = {};
  const handle = async ({ verb, given }: Question): Promise<unknown> => {
    if (verb === START) {
      handlers = await start(given as never);
      return undefined;
    }
    const handler = handlers[verb];
    if (handler === undefined && verb !== STOP) throw new Error(`no verb ${JSON.stringify(verb)}`);
    return handler?.(given as never);
  };
  process.on("message", (message) => {
    const question = message as Question;
    handle(question).then(
      (value) => process.send?.({ n: question.n, value } satisfies Answered),
      (error: Error) =>
        process.send?.({ n: question.n, error: error.stack ?? String(error) } satisfies Answered),
    );
  });
  // Ends in order, so that a profile is written.
  process.once("disconnect", () => process.exit());
}
