// Which slot of a model's server the turns of a session use, so that the prompt of the turn before is found computed. The
// server keeps as many prompts as it has slots. A session stays in its slot while nobody else takes that; a new one gets the
// one that its name stands for, if that is free, else the least recently used. One that comes back and was pushed out goes
// to the slot of its name, if all are in use: of five that take turns at four slots each would find its own gone otherwise.
// So do the requests of a program that are in no session: the server, which goes by how much two prompts have in common,
// would mix up sessions of one program, whose prompts begin alike. What python-pools does.

interface Slot {
  /** Whose prompt it has: a session's, or a program's; "" = nobody's. */
  owner: string;
  /** When, counted in calls. */
  usedAt: number;
  isBusy: boolean;
}

interface Server {
  slots: Slot[];
  calls: number;
  /** Who lost a slot to another of late. */
  pushedOut: Set<string>;
}

/** For each slot: calls within which a prompt counts as being in use, and owners that are remembered as pushed out. */
const OF_LATE = 2;

export interface SlotLease extends Disposable {
  readonly slot: number;
}

export class ModelSlots {
  /** By address of the server. */
  readonly #servers = new Map<string, Server>();

  /** Undefined beside another call of the same owner, or when every slot has one of ours: the server then knows best. */
  lease(server: string, count: number, owner: string): SlotLease | undefined {
    const found = this.#serverOf(server, count);
    const at = choose(found, owner);
    const chosen = at === undefined ? undefined : found.slots[at];
    if (at === undefined || chosen === undefined) return undefined;
    if (chosen.owner !== owner) pushOut(found, chosen.owner);
    chosen.owner = owner;
    chosen.usedAt = ++found.calls;
    chosen.isBusy = true;
    return {
      slot: at,
      [Symbol.dispose]: () => {
        chosen.isBusy = false;
        chosen.usedAt = found.calls;
      },
    };
  }

  #serverOf(address: string, count: number): Server {
    let server = this.#servers.get(address);
    if (server === undefined || server.slots.length !== count) {
      const slots = Array.from({ length: count }, () => ({ owner: "", usedAt: 0, isBusy: false }));
      server = { slots, calls: 0, pushedOut: new Set() };
      this.#servers.set(address, server);
    }
    return server;
  }
}

function choose({ slots, calls, pushedOut }: Server, owner: string): number | undefined {
  const own = slots.findIndex((slot) => slot.owner === owner);
  if (own >= 0) return slots[own]?.isBusy ? undefined : own;
  const preferred = hash(owner) % slots.length;
  if (slots[preferred]?.owner === "") return preferred;
  const idle = [...slots.keys()].filter((at) => !slots[at]?.isBusy);
  const usedAt = (at: number) => slots[at]?.usedAt ?? 0;
  const oldest = idle.toSorted((a, b) => usedAt(a) - usedAt(b))[0];
  if (oldest === undefined) return undefined;
  const isInUse = slots[oldest]?.owner !== "" && calls - usedAt(oldest) <= OF_LATE * slots.length;
  return pushedOut.has(owner) && isInUse && idle.includes(preferred) ? preferred : oldest;
}

function pushOut({ slots, pushedOut }: Server, owner: string): void {
  if (owner === "") return;
  pushedOut.delete(owner);
  pushedOut.add(owner);
  if (pushedOut.size > OF_LATE * slots.length) pushedOut.delete(pushedOut.values().next().value as string);
}

/** FNV-1a, 32 bits: the same in every process, so that a session which moves on finds its prompt where it was. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
