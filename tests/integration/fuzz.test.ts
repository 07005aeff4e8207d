// Messages that nobody should send, on every subject that a user or a pool can write; ten thousand of them in
// `npm run chaos`.

import { test } from "node:test";
import { fuzz } from "../chaos/fuzz.ts";
import { chooseSeed } from "../kit/random.ts";

/** The suite tries the same each time; `npm run chaos` tries something new. */
const SEED = 20_261;

test("random and mutated messages - end nothing, are answered, and leave a readable log", async (t) => {
  await fuzz({ seed: chooseSeed(SEED), messages: 2_000, say: (text) => t.diagnostic(text) });
});
