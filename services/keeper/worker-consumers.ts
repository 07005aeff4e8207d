// Consumers for workers that beat though the settings know fewer: the supervisor's configuration may say more processes than
// the keeper's, and work that is addressed to a worker without a consumer would wait for its deadline.

import { MAX_WORKERS, POOLS, type Pool } from "../broker/mod.ts";
import type { LogAdmin } from "../log/admin.ts";
import type { KeeperSettings } from "./config.ts";
import { poolConsumers } from "./consumers.ts";
import { openConsumer } from "./open.ts";

export class WorkerConsumers {
  readonly #admin: LogAdmin;
  readonly #settings: KeeperSettings;
  /** By pool: workers below this number have a consumer. */
  readonly #made = new Map<Pool, number>();
  /** One after the other: what a pool may hold follows the highest number. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(admin: LogAdmin, settings: KeeperSettings) {
    this.#admin = admin;
    this.#settings = settings;
  }

  /** The consumers are again those of the settings. */
  forget(): void {
    this.#made.clear();
  }

  /** Of a beat. Resolves with how many workers the pool has consumers for now, or undefined where it had enough. */
  async heard(subject: string): Promise<{ pool: Pool; workers: number } | undefined> {
    const [, name = "", number = ""] = subject.split(".");
    const pool = POOLS.find((one) => one === name);
    const worker = Number(number);
    if (pool === undefined || !/^\d{1,2}$/.test(number) || worker >= MAX_WORKERS) return undefined;
    const before = this.#made.get(pool) ?? this.#settings.pools[pool].workers;
    if (worker < before) return undefined;
    const workers = worker + 1;
    // Not again with the next beat, while it is under way.
    this.#made.set(pool, workers);
    const making = this.#last.then(() => this.#make(pool, workers));
    this.#last = making.catch(() => this.#made.delete(pool));
    await making;
    return { pool, workers };
  }

  async #make(pool: Pool, workers: number): Promise<void> {
    for (const consumer of poolConsumers(pool, { ...this.#settings.pools[pool], workers }))
      await openConsumer(this.#admin, consumer);
  }
}
