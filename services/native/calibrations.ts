// How a choice's model leans to its labels, by arm: means of their log-probabilities over past inputs. The learning service
// publishes them from the log; until it has seen enough, the implementation's own calibration inputs are scored, once.
//
//   published (16 inputs or more) or what this worker has seen, whichever is more ─▶ declared ─▶ none

import type { Calibration } from "../../schemas/messages/policy-event.ts";
import type { LabelScores } from "./adapters/mod.ts";

/** Means of fewer inputs move too much with each. */
const ENOUGH = 16;
/** Declared inputs that are scored at once. */
const AT_ONCE = 4;
/** Arms that are remembered, the latest. */
const MAX_ARMS = 1_000;

/** What was published last. */
export interface CalibrationSource {
  calibrationOf(program: string, arm: string): Calibration | undefined;
}

export interface LabelMeans {
  count: number;
  means: LabelScores;
}

interface Arm {
  own?: LabelMeans;
  declared?: Promise<LabelMeans | undefined>;
}

export interface Asked {
  /** Whose means: the arm's key. */
  key: string;
  labels: readonly string[];
  published: Calibration | undefined;
  /** The implementation's own inputs. */
  inputs: readonly Record<string, unknown>[];
  score(inputs: Record<string, unknown>): Promise<LabelScores>;
  /** Whoever asks waits no longer; the scoring goes on for others. */
  signal: AbortSignal;
}

export class Calibrations {
  readonly #arms = new Map<string, Arm>();

  /** Undefined where nothing is known yet. @throws whatever scoring the declared inputs throws. */
  async meansOf(asked: Asked): Promise<LabelScores | undefined> {
    const arm = this.#arm(asked.key);
    const seen = [asked.published, arm.own].filter((means): means is LabelMeans => fits(means, asked.labels));
    const most = seen.reduce<LabelMeans | undefined>(
      (best, means) => (means.count > (best?.count ?? 0) ? means : best),
      undefined,
    );
    const isOwn = most !== undefined && most === arm.own;
    const enough = isOwn ? Math.max(ENOUGH, asked.inputs.length) : ENOUGH;
    if (most !== undefined && most.count >= enough) return most.means;
    if (asked.inputs.length === 0) return undefined;
    return (await this.#declared(arm, asked))?.means;
  }

  /** One more input of an arm. */
  observe(key: string, scores: LabelScores): void {
    const arm = this.#arm(key);
    arm.own = addScores(arm.own, scores);
  }

  #arm(key: string): Arm {
    const arm = this.#arms.get(key) ?? {};
    this.#arms.delete(key);
    this.#arms.set(key, arm);
    if (this.#arms.size > MAX_ARMS) this.#arms.delete(this.#arms.keys().next().value as string);
    return arm;
  }

  async #declared(arm: Arm, { inputs, score, signal }: Asked): Promise<LabelMeans | undefined> {
    if (arm.declared === undefined) {
      const scoring = scoreAll(inputs, score);
      arm.declared = scoring;
      // What failed may work the next time.
      scoring.catch(() => {
        if (arm.declared === scoring) delete arm.declared;
      });
    }
    signal.throwIfAborted();
    const given = Promise.withResolvers<never>();
    const giveUp = () => given.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await Promise.race([arm.declared, given.promise]);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}

/** The means with one more input in them. */
export function addScores(means: LabelMeans | undefined, scores: LabelScores): LabelMeans {
  if (!fits(means, Object.keys(scores))) return { count: 1, means: scores };
  const count = means.count + 1;
  const moved = Object.entries(scores).map(([label, score]) => {
    const mean = means.means[label] ?? score;
    return [label, mean + (score - mean) / count] as const;
  });
  return { count, means: Object.fromEntries(moved) };
}

/** Means of other labels are of another choice. */
function fits(means: LabelMeans | undefined, labels: readonly string[]): means is LabelMeans {
  return means !== undefined && labels.every((label) => Number.isFinite(means.means[label]));
}

/** In the order of the inputs, so that the means do not depend on who answers first. */
async function scoreAll(
  inputs: readonly Record<string, unknown>[],
  score: (inputs: Record<string, unknown>) => Promise<LabelScores>,
): Promise<LabelMeans | undefined> {
  const scored: LabelScores[] = [];
  const waiting = [...inputs.entries()];
  const take = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, input] = next;
      scored[index] = await score(input).catch((error: unknown) => {
        waiting.length = 0;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return scored.reduce<LabelMeans | undefined>(addScores, undefined);
}
