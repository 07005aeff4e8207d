// Ten thousand messages that nobody should send.

import { test } from "node:test";
import { chooseSeed } from "../kit/random.ts";
import { fuzz } from "./fuzz.ts";

test("random and mutated messages - end nothing, are answered, and leave a readable log", async (t) => {
  await fuzz({ seed: chooseSeed(), messages: 10_000, say: (text) => t.diagnostic(text) });
});
