// The versions of one program: which there are, which is in use, which is tried beside it.

import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { CanaryEvidence } from "../../schemas/messages/version-event.ts";
import { adminRequest } from "./admin-request.ts";
import type { Api } from "./api.ts";

/** A share of right answers with its 95 % interval. */
export interface Score {
  mean: number;
  low: number;
  high: number;
  count: number;
}

/** What an optimisation found. */
export interface OptimizationOutcome {
  program: string;
  /** Version that was to be improved. */
  parent: string;
  improved: boolean;
  verdict: string;
  optimizer: string;
  metric: string;
  trials: number;
  /** On held-out examples, what there was and what was found. */
  base: Score & { implementation: string };
  best?: Score & { params: Record<string, unknown> };
  difference?: Score;
  cost: { calls: number; inputTokens: number; outputTokens: number; costUsd: number; timeMs: number };
  dataHash: string;
  /** Examples on which the metric threw, which scored 0, and why the first one did. */
  metricFailures: number;
  metricFailure?: string;
  /** Why the search ended before its trials. */
  budgetEnded?: string;
}

export interface VersionsInfo {
  name: string;
  current: string;
  /** As they were registered. */
  versions: { version: string; by: string; time: string; sequence: number }[];
  /** As optimisations made them. */
  published: {
    version: string;
    parent: string;
    run: string;
    by: string;
    time: string;
    artifact: { key: string; sha256: string };
    report: OptimizationOutcome;
    withdrawn?: { by: string; reason?: string };
  }[];
  promoted?: { version: string; previous: string; base: string; pinned: boolean; by: string };
  canary?: {
    version: string;
    base: string;
    share: number;
    maxOutcomes: number;
    by: string;
    since: string;
    evidence?: CanaryEvidence;
  };
}

interface Why {
  /** For the log. */
  reason?: string;
}

export class Versions {
  readonly #api: Api;
  readonly #name: string;

  constructor(api: Api, name: string) {
    this.#api = api;
    this.#name = name;
  }

  async list(): Promise<VersionsInfo> {
    const body = { name: this.#name };
    return (await this.#api.request({ verb: "program.versions", body })) as VersionsInfo;
  }

  async describe(version: string): Promise<ProgramDefinition> {
    const body = { name: this.#name, version };
    return (await this.#api.request({ verb: "program.describe", body })) as ProgramDefinition;
  }

  /**
   * In use for all users from now on; `pin` = whatever is declared. Needs the admin right, as all that follow do.
   * @returns whether that is new.
   * @throws DspexError `unknown_version`; `conflict` for one that was withdrawn.
   */
  promote(version: string, more: Why & { pin?: boolean } = {}): Promise<boolean> {
    return this.#change("promote", { version, ...more });
  }

  /**
   * Beside the one in use, with a share of the requests, until they show that it is better or worse.
   * @throws DspexError `conflict` where another one is tried, or this one is in use.
   */
  canary(
    version: string,
    more: Why & { /** Up to 0.5; 0.1 if absent. */ share?: number; maxOutcomes?: number } = {},
  ): Promise<boolean> {
    return this.#change("canary", { version, ...more });
  }

  /** It cannot be promoted any more; a canary is over. @throws DspexError `conflict` for the one in use. */
  withdraw(version: string, more: Why = {}): Promise<boolean> {
    return this.#change("withdraw", { version, ...more });
  }

  /** @returns the version before, which is in use now. @throws DspexError `conflict` where none was promoted. */
  async rollBack(more: Why = {}): Promise<string> {
    const body = { name: this.#name, ...more };
    const answer = await adminRequest(this.#api, { verb: "program.rollback", body });
    return (answer as { version: string }).version;
  }

  async #change(verb: string, more: object): Promise<boolean> {
    const body = { name: this.#name, ...more };
    const answer = await adminRequest(this.#api, { verb: `program.${verb}`, body });
    return (answer as { changed: boolean }).changed;
  }
}
