// An application that calls its programs with types, keeps hold of a request, and reads what happened to it.
// Run it beside the system: `node examples/typescript-app/app.ts`.

import { connect, DspexError, signature } from "dspex";
import { LETTER, SHIPPING } from "./signatures.ts";

// #region call
await using dspex = await connect(); // NATS_URL, NATS_USER, NATS_PASSWORD, or the folder .dspex
const shipping = dspex.program("shipping", signature(SHIPPING));

const { euros, days } = await shipping({ weightGrams: 1_200 }); // numbers, known to the compiler
console.log(`1.2 kg: ${euros.toFixed(2)} euros, ${days} days`);
// #endregion

// #region submit
const letter = dspex.program("letter", signature(LETTER));
const message = "My parcel came late and the cup in it is broken.";

const run = await letter.submit({ message }, { id: `ticket-${process.pid}`, deadlineMs: 120_000 });
const result = await run.result(); // whatever its status: succeeded, failed, cancelled
console.log(`${run.id}: ${result.outputs?.kind}, said ${result.implementation}`);
await run.feedback(result.outputs?.kind === "complaint" ? 1 : 0, "it is a complaint");
// #endregion

// #region story
for await (const { sequence, type } of run.events()) console.log(`#${sequence} ${type}`);
// #endregion

// #region error
try {
  await shipping({ weightGrams: -1 });
} catch (error) {
  if (!(error instanceof DspexError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
// #endregion
