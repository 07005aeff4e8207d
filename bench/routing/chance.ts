// Chance for simulations: a hash of what it is for, so that every policy meets the same world, whatever it chooses.

/** 32 well mixed bits of two integers. */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** In (0, 1). */
export function chance(seed: number, what: number, a = 0, b = 0): number {
  return ((mix(mix(mix(seed, what), a), b) >>> 0) + 0.5) / 4_294_967_296;
}

export function between(low: number, high: number, share: number): number {
  return low + (high - low) * share;
}

/** Standard normal. */
export function normal(seed: number, what: number, a = 0, b = 0): number {
  const radius = Math.sqrt(-2 * Math.log(chance(seed, what, a, 2 * b)));
  return radius * Math.cos(2 * Math.PI * chance(seed, what, a, 2 * b + 1));
}
