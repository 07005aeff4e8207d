// Layers of a graph: each node below all that it waits for, an edge over several layers with a place of its own in each
// between, and places side by side so that edges are short and cross seldom. Pure.

export interface Slot {
  /** Absent = a long edge passes here. */
  node?: number;
  layer: number;
  width: number;
  /** Left border. */
  x: number;
}

export interface Layers {
  layers: Slot[][];
  /** For each edge the slots that it goes through, from above to below. */
  chains: Slot[][];
}

interface Edge {
  from: number;
  to: number;
}

const SWEEPS = 8;
/** Of a place where an edge passes. */
const PASSING = 1;

/** Places that a drawing needs: one for each node, and one in each layer that an edge passes. */
export function placesOf(count: number, edges: readonly Edge[]): number {
  const ranks = ranksOf(count, edges);
  const passed = edges.map(({ from, to }) => Math.max((ranks[to] ?? 0) - (ranks[from] ?? 0) - 1, 0));
  return passed.reduce((sum, one) => sum + one, count);
}

/** Edges of a cycle are left out. */
export function layersOf(widths: readonly number[], edges: readonly Edge[], gap: number): Layers {
  const ranks = ranksOf(widths.length, edges);
  const layers: Slot[][] = [];
  const add = (slot: Slot): Slot => {
    layers[slot.layer] ??= [];
    layers[slot.layer]?.push(slot);
    return slot;
  };
  for (let layer = 0; layer <= Math.max(-1, ...ranks); layer++) layers[layer] = [];
  const slots = widths.map((width, node) => add({ node, layer: ranks[node] ?? 0, width, x: 0 }));
  const chains = edges.map(({ from, to }) => {
    const [first, last] = [slots[from] as Slot, slots[to] as Slot];
    if (last.layer <= first.layer) return [];
    const between = Array.from({ length: last.layer - first.layer - 1 }, (_, n) =>
      add({ layer: first.layer + 1 + n, width: PASSING, x: 0 }),
    );
    return [first, ...between, last];
  });
  const links = linksOf(chains);
  order(layers, links);
  setPlaces(layers, links, gap);
  return { layers, chains };
}

/** Longest way from a node that waits for nothing. */
function ranksOf(count: number, edges: readonly Edge[]): number[] {
  const ranks = new Array<number>(count).fill(0);
  const waits = new Array<number>(count).fill(0);
  const below: number[][] = ranks.map(() => []);
  for (const { from, to } of edges) {
    below[from]?.push(to);
    waits[to] = (waits[to] ?? 0) + 1;
  }
  const ready = ranks.flatMap((_, node) => (waits[node] === 0 ? [node] : []));
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    for (const next of below[node] ?? []) {
      ranks[next] = Math.max(ranks[next] ?? 0, (ranks[node] ?? 0) + 1);
      waits[next] = (waits[next] ?? 0) - 1;
      if (waits[next] === 0) ready.push(next);
    }
  }
  return ranks;
}

type Links = Map<Slot, { above: Slot[]; below: Slot[] }>;

function linksOf(chains: readonly Slot[][]): Links {
  const links: Links = new Map();
  const of = (slot: Slot) => {
    const found = links.get(slot) ?? { above: [], below: [] };
    links.set(slot, found);
    return found;
  };
  for (const chain of chains)
    for (const [n, slot] of chain.entries()) {
      const next = chain[n + 1];
      if (next === undefined) continue;
      of(slot).below.push(next);
      of(next).above.push(slot);
    }
  return links;
}

/** Sorts each layer by the middle of what it hangs from, then by what hangs from it, several times. */
function order(layers: Slot[][], links: Links): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const side = sweep % 2 === 0 ? "above" : "below";
    const places = new Map(
      layers.flatMap((layer) => layer.map((slot, n) => [slot, n / layer.length] as const)),
    );
    const inTurn = side === "above" ? layers : [...layers].reverse();
    for (const layer of inTurn) {
      const weights = new Map(
        layer.map((slot) => [
          slot,
          mean(links.get(slot)?.[side] ?? [], (one) => places.get(one) ?? 0) ?? places.get(slot) ?? 0,
        ]),
      );
      layer.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
      layer.forEach((slot, n) => {
        places.set(slot, n / layer.length);
      });
    }
  }
}

/** Each as near to the middle of its neighbours as those beside it allow; whole numbers, the leftmost at 0. */
function setPlaces(layers: Slot[][], links: Links, gap: number): void {
  for (const layer of layers) {
    let x = 0;
    for (const slot of layer) {
      slot.x = x;
      x += slot.width + gap;
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wished = layer.map((slot) => {
        const around = links.get(slot);
        const side = down ? around?.above : around?.below;
        const middle = mean(
          side?.length ? side : [...(around?.above ?? []), ...(around?.below ?? [])],
          portOf,
        );
        return middle === undefined ? slot.x : middle - (portOf(slot) - slot.x);
      });
      spread(layer, wished, gap);
    }
  }
  const left = Math.min(0, ...layers.flat().map((slot) => slot.x));
  for (const slot of layers.flat()) slot.x = Math.round(slot.x - left);
  const smallest = Math.min(...layers.flat().map((slot) => slot.x));
  for (const slot of layers.flat()) slot.x -= smallest;
  // Rounding may have brought two too near.
  for (const layer of layers)
    for (const [n, slot] of layer.entries()) {
      const before = layer[n - 1];
      if (before !== undefined) slot.x = Math.max(slot.x, before.x + before.width + gap);
    }
}

/** Between what pushing to the right and pushing to the left would give. */
function spread(layer: Slot[], wished: readonly number[], gap: number): void {
  const right: number[] = [];
  for (const [n, slot] of layer.entries()) {
    const before = layer[n - 1];
    right[n] = Math.max(
      wished[n] ?? 0,
      before === undefined ? Number.NEGATIVE_INFINITY : (right[n - 1] ?? 0) + before.width + gap,
    );
    slot.x = right[n] ?? 0;
  }
  const left: number[] = [];
  for (let n = layer.length - 1; n >= 0; n--) {
    const slot = layer[n] as Slot;
    left[n] = Math.min(
      wished[n] ?? 0,
      n === layer.length - 1 ? Number.POSITIVE_INFINITY : (left[n + 1] ?? 0) - slot.width - gap,
    );
    slot.x = ((right[n] ?? 0) + (left[n] ?? 0)) / 2;
  }
}

/** Where edges leave and reach it. */
export function portOf(slot: Slot): number {
  return slot.x + Math.floor(slot.width / 2);
}

function mean<T>(items: readonly T[], of: (item: T) => number): number | undefined {
  return items.length === 0 ? undefined : items.reduce((sum, item) => sum + of(item), 0) / items.length;
}
