// Word of a run, which its service sends to whoever waits for it: the run has ended, or the service is there (again).

import { liveRunSubject } from "../../../schemas/subjects.ts";
import type { PipelineHost } from "./pipeline-host.ts";

export class RunWord implements Disposable {
  readonly #listening: Disposable;
  #came = Promise.withResolvers<void>();

  /** @throws DspexError `unavailable` where the connection is closed */
  constructor({ api, user }: Pick<PipelineHost, "api" | "user">, run: string) {
    this.#listening = api.listen(liveRunSubject(user, run), () => this.#came.resolve());
  }

  /** Resolves when word has come since the last time, or after so long. */
  async next(mostMs: number): Promise<void> {
    const timer = setTimeout(this.#came.resolve, mostMs);
    await this.#came.promise;
    clearTimeout(timer);
    this.#came = Promise.withResolvers();
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
