// Forgetting: what an observation still weighs after so many later ones. Powers come from a table made by repeated
// multiplication, because `Math.pow` may differ between machines in the last bit.

/** What is left of an observation after one more outcome of the same program. */
const DISCOUNT = 0.999;

/** Outcomes after which nothing is left: 0.999^16384 is under 1e-7. */
const FORGOTTEN = 16_384;

const powers = new Float64Array(FORGOTTEN);
powers[0] = 1;
for (let step = 1; step < FORGOTTEN; step++) powers[step] = (powers[step - 1] as number) * DISCOUNT;

/** 0.999 ** steps. */
export function discountAfter(steps: number): number {
  return steps < FORGOTTEN ? (powers[steps] as number) : 0;
}
