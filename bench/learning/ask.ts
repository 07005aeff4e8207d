// Sends labelled sentences to the running system as an application would, and says of each answer whether it was right.
// What came of it is read from the log afterwards.

import { exact } from "../../examples/datasets/exact.ts";
import type { Labelled } from "../../examples/datasets/read.ts";
import type { Dspex } from "../../services/client/mod.ts";

/** As many as the machine has cores: the embedded model is on them too. */
const IN_FLIGHT = 2;
/** Sentences that one implementation gets before it is the next one's turn: what the machine does meanwhile hits all. */
const BLOCK = 20;

export interface Asking {
  dspex: Dspex;
  program: string;
  rows: readonly Labelled[];
}

/** Every sentence to every implementation by name: nothing is chosen, so nothing is learned. */
export async function askEach({ dspex, program, rows }: Asking, implementations: readonly string[]) {
  for (let from = 0; from < rows.length; from += BLOCK)
    for (const implementation of implementations)
      await inFlight(rows.slice(from, from + BLOCK), async (row, at) => {
        const id = aloneId(program, implementation, from + at);
        const run = await dspex.program(program).submit(row.inputs, { implementation, id });
        await run.result();
      });
}

/** Sentence after sentence, the router chooses; each answer is judged before the next one is asked for. */
export async function askFreely({ dspex, program, rows }: Asking): Promise<void> {
  await inFlight(rows, async (row, at) => {
    const run = await dspex.program(program).submit(row.inputs, { id: freeId(program, at) });
    const { status, outputs } = await run.result();
    if (status === "succeeded") await run.feedback(exact(row, outputs), { metric: "exact" });
  });
}

export const aloneId = (program: string, implementation: string, at: number) =>
  `alone-${program}-${implementation}-${at}`;
export const freeId = (program: string, at: number) => `free-${program}-${at}`;

async function inFlight<Item>(items: readonly Item[], ask: (item: Item, at: number) => Promise<void>) {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) await ask(items[at] as Item, at);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
