// What follows from the result of an optimisation: the artifact is checked, its version published, and the end told. All
// of it from the state, so that a service that comes up after the result does the same; what is there already is left.

import type { Logger } from "pino";
import { z } from "zod";
import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { asDspexError, DspexError } from "../../../schemas/errors.ts";
import { OPTIMIZATION_EVENTS } from "../../../schemas/messages/optimization-event.ts";
import { jsonObjectSchema } from "../../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { optimizationEventSubject, resultSubject } from "../../../schemas/subjects.ts";
import type { ObjectBucket } from "../../log/objects.ts";
import type { LogReader } from "../../log/read.ts";
import type { Registry } from "../registry.ts";
import { CANARY_OUTCOMES, decideCanary } from "../versions/canary/decide.ts";
import { decidePublish } from "../versions/decide.ts";
import { readArtifact } from "./artifact.ts";
import { OPTIMIZER_PROGRAM, optimizationId } from "./command.ts";
import type { OptimizationRun } from "./state.ts";

const RETRY_MS = 5_000;
const reportSchema = z.looseObject({
  artifact: z.looseObject({ key: z.string(), sha256: z.string() }).optional(),
});

export interface SettlerOptions {
  registry: Registry;
  reader: LogReader;
  artifacts: ObjectBucket;
  define: (declaration: unknown) => ProgramDefinition;
  logger: Logger;
}

type Ending = "finished" | "failed" | "cancelled";

/** Settles what is answered now, and from then on whatever is answered. */
export function startSettler(options: SettlerOptions): { stop(): void } {
  const settler = new Settler(options);
  settler.start();
  return settler;
}

class Settler {
  readonly #options: SettlerOptions;
  readonly #busy = new Set<string>();
  #stopped = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  start(): void {
    const { registry } = this.#options;
    const look = (): void => {
      if (this.#stopped) return;
      for (const run of registry.state.runs.values())
        if (run.status === "running" && run.answered !== undefined && !this.#busy.has(run.run))
          this.#begin(run);
      void registry.changed().then(look);
    };
    look();
  }

  stop(): void {
    this.#stopped = true;
  }

  #begin(run: OptimizationRun): void {
    this.#busy.add(run.run);
    this.#settle(run).then(
      () => this.#busy.delete(run.run),
      (error: Error) => {
        this.#options.logger.warn({ run: run.run, error: error.message }, "optimisation not settled yet");
        setTimeout(() => {
          this.#busy.delete(run.run);
          if (!this.#stopped && run.status === "running") this.#begin(run);
        }, RETRY_MS).unref();
      },
    );
  }

  async #settle(run: OptimizationRun): Promise<void> {
    const { reader } = this.#options;
    const stored = await reader.last(resultSubject(optimizationId(run.user, run.run)));
    const about = { run: run.run, program: run.program };
    if (stored === null) {
      const gone = new DspexError("gone", "the result of the run is not in the log any more");
      return this.#end(run, "failed", { ...about, error: gone.toWire() });
    }
    const result = (stored.json() as CloudEvent<Result>).data;
    if (result.status === "cancelled") return this.#end(run, "cancelled", about);
    if (result.status === "failed" || result.program !== OPTIMIZER_PROGRAM) {
      const error = result.error ?? new DspexError("internal", "no optimisation answered").toWire();
      return this.#end(run, "failed", { ...about, error });
    }
    try {
      const report = jsonObjectSchema.parse((result.outputs as Record<string, unknown>).report);
      const version = await this.#publish(run, report);
      const published = version === undefined ? {} : { version };
      return await this.#end(run, "finished", { ...about, report, ...published, result: stored.sequence });
    } catch (thrown) {
      const error = asDspexError(thrown);
      // What nobody can mend is the end of the run; the rest is tried again.
      if (error.retryable) throw error;
      return this.#end(run, "failed", { ...about, error: error.toWire() });
    }
  }

  /** Returns the version, where the run made one. */
  async #publish(run: OptimizationRun, report: Record<string, unknown>): Promise<string | undefined> {
    const { artifacts, registry, define } = this.#options;
    const { artifact } = reportSchema.parse(report);
    if (artifact === undefined) return undefined;
    const stored = await artifacts.get(artifact.key);
    if (stored === null) throw new DspexError("gone", `artifact "${artifact.key}" is gone`);
    const published = readArtifact(stored.data, artifact, run, define);
    await registry.execute(run.program, "version-published", (state) => decidePublish(state, published));
    const { version } = published.definition;
    if (run.canary !== undefined) await this.#try(run, version, run.canary);
    return version;
  }

  /** Where it cannot be tried, because another one is, the version is there all the same. */
  async #try(
    { program: name, user: by, run }: OptimizationRun,
    version: string,
    share: number,
  ): Promise<void> {
    const { registry, logger } = this.#options;
    const command = { name, version, share, maxOutcomes: CANARY_OUTCOMES, by, reason: `run ${run}` };
    try {
      await registry.execute(name, "canary-started", (state) => decideCanary(state, command));
    } catch (error) {
      if (asDspexError(error).retryable) throw error;
      logger.warn({ run, version, error: String(error) }, "the new version is not tried");
    }
  }

  async #end(run: OptimizationRun, how: Ending, data: object): Promise<void> {
    const subject = optimizationEventSubject(run.run, how);
    const { type } = OPTIMIZATION_EVENTS[how];
    // Another instance may be faster: a run ends once.
    await this.#options.registry.journal.execute({
      scope: optimizationEventSubject(run.run, "*"),
      what: `optimisation ${run.run}`,
      decide: () => (run.status === "running" ? { subject, type, data } : undefined),
    });
  }
}
