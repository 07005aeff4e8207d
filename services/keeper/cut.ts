// Decides up to where the head of the log may go: pure. Never beyond what every snapshot covers and nothing open
// needs, and no further than the wanted size, because a late client still asks for its result.

export interface LogFill {
  firstSequence: number;
  lastSequence: number;
  messages: number;
  bytes: number;
  maxBytes: number;
}

/** What holds the head back: each service's last snapshot, and the first sequence that something open needs. */
export interface Floors {
  /** Last sequence that is in a snapshot, for each service; 0 = none yet. */
  covered: ReadonlyMap<string, number>;
  needed: number;
  /** The oldest registration of a program that is in force. */
  registrations: number;
}

export interface CutLimits {
  /** Cut when the log fills more than this part of its bytes … */
  above: number;
  /** … down to this part. */
  downTo: number;
}

export type CutDecision =
  | { status: "roomy" }
  | { status: "cut"; before: number }
  /** Full, but held back: by a service without a fresh snapshot, or by open work. */
  | { status: "held"; by: string; at: number };

export function decideCut(log: LogFill, floors: Floors, limits: CutLimits): CutDecision {
  if (log.bytes <= limits.above * log.maxBytes) return { status: "roomy" };
  const surplus = (log.bytes - limits.downTo * log.maxBytes) / log.bytes;
  const wanted = log.firstSequence + Math.ceil(surplus * (log.lastSequence - log.firstSequence + 1));

  const holders = [...floors.covered].map(([service, sequence]) => ({ by: service, at: sequence + 1 }));
  holders.push({ by: "open work", at: floors.needed }, { by: "programs", at: floors.registrations });
  const lowest = holders.reduce((low, holder) => (holder.at < low.at ? holder : low));

  const before = Math.min(wanted, lowest.at);
  if (before > log.firstSequence) return { status: "cut", before };
  return { status: "held", ...lowest };
}
