// What stands out of a program, with its evidence: as `policy.patterns` answers. Computed when somebody asks.

import type { PolicyDrift } from "../../../schemas/messages/policy-event.ts";
import {
  CELL_SIZE,
  COUNT,
  IN_TIME,
  LENGTH_BUCKETS,
  lengthCell,
  QUALITY,
  SCORED,
  SUCCESS,
} from "../statistics/cell.ts";
import { discountAfter } from "../statistics/discount.ts";
import type { ProgramStatistics } from "../statistics/state.ts";
import type { Change } from "./changes.ts";
import { type Mean, meanEffect, shareEffect } from "./effect.ts";
import type { Failing } from "./failing-inputs.ts";
import { type HourCell, hourCells } from "./hours.ts";

/** Failures of one request that are told. */
const LEAST_FAILURES = 3;
/** Differences that matter: of shares, and of latencies as a power of two. */
const LEAST_SHARE = 0.1;
const LEAST_DOUBLINGS = 0.5;
/** Days on which an hour has to have been so: two, of which the older one weighs less. */
const LEAST_DAYS = 1.8;

export type Pattern =
  | ({ pattern: "drift"; time: string } & Omit<PolicyDrift, "program">)
  | {
      pattern: "failing-request";
      requestHash: string;
      /** At least and at most so many failures, weighed by their age in days. */
      atLeast: number;
      atMost: number;
      lastSequence: number;
      lastTime: string;
      code: string;
    }
  | {
      pattern: "failing-shape";
      task: string;
      length: number;
      requests: number;
      failureRate: number;
      elsewhere: number;
      z: number;
    }
  | {
      pattern: "hour-of-day";
      implementation: string;
      /** UTC. */
      hour: number;
      what: "success" | "latency";
      attempts: number;
      /** Success: share; latency: as a multiple of the other hours'. */
      here: number;
      elsewhere: number;
      z: number;
    }
  | {
      pattern: "input-length";
      arm: string;
      task: string;
      length: number;
      what: "success" | "time" | "quality";
      attempts: number;
      here: number;
      elsewhere: number;
      z: number;
    };

export interface Sources {
  changes: readonly Change[];
  failing: Failing | undefined;
  hours: ReadonlyMap<string, number[]> | undefined;
  statistics: ProgramStatistics | undefined;
}

export function patternsOf({ changes, failing, hours, statistics }: Sources): Pattern[] {
  return [
    ...changes.map(({ program: _program, timeMs, ...drift }): Pattern => {
      return { pattern: "drift", time: timeOf(timeMs), ...drift };
    }),
    ...(failing === undefined ? [] : [...failingRequests(failing), ...failingShapes(failing)]),
    ...[...(hours ?? [])].flatMap(([implementation, cells]) => hourEffects(implementation, hourCells(cells))),
    ...(statistics === undefined ? [] : lengthEffects(statistics)),
  ];
}

function failingRequests({ requests }: Failing): Pattern[] {
  return requests
    .filter(({ count, surplus }) => count - surplus >= LEAST_FAILURES)
    .sort((a, b) => b.count - a.count)
    .map(({ hash, count, surplus, sequence, timeMs, code }) => ({
      pattern: "failing-request",
      requestHash: hash,
      atLeast: count - surplus,
      atMost: count,
      lastSequence: sequence,
      lastTime: timeOf(timeMs),
      code,
    }));
}

function failingShapes({ shapes }: Failing): Pattern[] {
  let requests = 0;
  let failed = 0;
  for (const shape of shapes.values()) {
    requests += shape.requests;
    failed += shape.failed;
  }
  return [...shapes].flatMap(([key, shape]): Pattern[] => {
    const rest = { count: requests - shape.requests, hits: failed - shape.failed };
    const found = shareEffect({ count: shape.requests, hits: shape.failed }, rest, LEAST_SHARE);
    if (found === undefined || found.difference < 0) return [];
    const slash = key.lastIndexOf("/");
    return [
      {
        pattern: "failing-shape",
        task: key.slice(0, slash),
        length: Number(key.slice(slash + 1)),
        requests: shape.requests,
        failureRate: shape.failed / shape.requests,
        elsewhere: rest.hits / rest.count,
        z: found.z,
      },
    ];
  });
}

function hourEffects(implementation: string, cells: readonly HourCell[]): Pattern[] {
  const all = cells.reduce(
    (sum, cell) => ({
      attempts: sum.attempts + cell.attempts,
      succeeded: sum.succeeded + cell.succeeded,
      latency: sum.latency + cell.latency,
      latencySquares: sum.latencySquares + cell.latencySquares,
    }),
    { attempts: 0, succeeded: 0, latency: 0, latencySquares: 0 },
  );
  return cells.flatMap((cell, hour): Pattern[] => {
    if (cell.days < LEAST_DAYS) return [];
    const rest = { count: all.attempts - cell.attempts, hits: all.succeeded - cell.succeeded };
    const base = { pattern: "hour-of-day", implementation, hour, attempts: cell.attempts } as const;
    const success = shareEffect({ count: cell.attempts, hits: cell.succeeded }, rest, LEAST_SHARE);
    const here: Mean = { count: cell.succeeded, sum: cell.latency, squares: cell.latencySquares };
    const elsewhere: Mean = {
      count: rest.hits,
      sum: all.latency - cell.latency,
      squares: all.latencySquares - cell.latencySquares,
    };
    const latency = meanEffect(here, elsewhere, LEAST_DOUBLINGS);
    return [
      ...(success === undefined
        ? []
        : [
            {
              ...base,
              what: "success" as const,
              here: cell.succeeded / cell.attempts,
              elsewhere: rest.hits / rest.count,
              z: success.z,
            },
          ]),
      ...(latency === undefined
        ? []
        : [
            {
              ...base,
              what: "latency" as const,
              here: 2 ** latency.difference,
              elsewhere: 1,
              z: latency.z,
            },
          ]),
    ];
  });
}

const LENGTH_EFFECTS = [
  { what: "success", hits: SUCCESS, count: COUNT },
  { what: "time", hits: IN_TIME, count: SUCCESS },
  { what: "quality", hits: QUALITY, count: SCORED },
] as const;

/** Which arm does worse, or better, for inputs of one length than for the others of the same kind of task. */
function lengthEffects({ kinds, arms, time }: ProgramStatistics): Pattern[] {
  const found: Pattern[] = [];
  for (const { key, kinds: blocks } of arms.values()) {
    for (const [task, index] of kinds) {
      const block = blocks[index];
      if (block === undefined) continue;
      const kept = discountAfter(time - block.at);
      const whole = block.values.subarray(0, CELL_SIZE);
      for (let length = 0; length < LENGTH_BUCKETS; length++) {
        const cell = block.values.subarray(lengthCell(length), lengthCell(length) + CELL_SIZE);
        for (const { what, hits, count } of LENGTH_EFFECTS) {
          const part = { count: kept * (cell[count] as number), hits: kept * (cell[hits] as number) };
          const rest = {
            count: kept * (whole[count] as number) - part.count,
            hits: kept * (whole[hits] as number) - part.hits,
          };
          const effect = shareEffect(part, rest, LEAST_SHARE);
          if (effect === undefined) continue;
          found.push({
            pattern: "input-length",
            arm: key,
            task,
            length,
            what,
            attempts: part.count,
            here: part.hits / part.count,
            elsewhere: rest.hits / rest.count,
            z: effect.z,
          });
        }
      }
    }
  }
  return found;
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
