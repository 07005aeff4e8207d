// Asks the assistant from an application: progress on the way, the answer in the end.
// Run it beside the system: `node examples/research-assistant/app.ts "Why are there tides?"`.

import { connect } from "dspex";
import { research } from "./pipeline.ts";

const [question = "Why are there tides twice a day?"] = process.argv.slice(2);

// #region run
await using dspex = await connect();
const run = await dspex.pipeline(research).run({ question });

for await (const { verb, progress } of run.events()) console.log(`${progress.percent} % ${verb}`);

const { answer, titles } = await run.outputs(); // typed by the pipeline's signature
console.log(`${answer}\n(${titles.join(", ")})`);
// #endregion
