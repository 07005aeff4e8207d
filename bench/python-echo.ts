// What share of the floor is left when a Python pool answers, and what does the bus add to DSPy itself?
//
// First an echo through one Python process, beside the floor (whose worker is TypeScript: Python itself is in the
// difference). Then `dspy.Predict` with a model that answers at once, through the bus and in a process of its own: there
// every µs is DSPy's or ours. Then with a model that takes 100 ms, as short real ones do: what a user would notice.

import { startSides } from "./dspex/sides.ts";
import { interleaved, type Measured } from "./kit/interleaved.ts";
import { Report, shown, shownSpread, type Table } from "./kit/report.ts";
import { allCpu, requestTable } from "./kit/request-table.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { startInProcess } from "./python/in-process.ts";

const settings = benchSettings({ rounds: 5, seconds: 1.5 });
const report = new Report(import.meta.filename, settings);

await using server = await startBenchServer("1s");
const parts = ["keeper", "programs", "router", "gateway", "supervisor"];
await using sides = await startSides({ server, parts });
await using inProcess = startInProcess();

const echo = await interleaved(
  [sides.floor, sides.dspex("dspex python", "echo-python")],
  settings.short ? [16] : [1, 64, 256],
  settings,
);
report.put("echo", echo);
report.table(requestTable("echo through one Python pool process (32 slots), 400-byte payload", echo));

const instant = await interleaved(
  [inProcess.side("in process", "instant-predict"), sides.dspex("dspex", "instant-predict")],
  [1, 32],
  settings,
);
report.put("instantPredict", instant);
report.table(predictTable("dspy.Predict, a model that answers at once", instant));

const slow = await interleaved(
  [inProcess.side("in process", "slow-predict"), sides.dspex("dspex", "slow-predict")],
  [1, 16],
  settings,
);
report.put("slowPredict", slow);
report.table(predictTable("dspy.Predict, a model that takes 100 ms", slow));
report.finish();

function predictTable(title: string, measured: readonly Measured[]): Table {
  return {
    title,
    columns: [
      "",
      "in flight",
      "calls/s",
      "of in process",
      "p50 ms",
      "p50 / in process",
      "p99 ms",
      "CPU µs/call",
    ],
    rows: measured.map((row) => {
      const alone = measured.find(({ side, inFlight }) => side === "in process" && inFlight === row.inFlight);
      const ratio = (value: number, other: number | undefined): string =>
        other === undefined ? "–" : (value / other).toFixed(2);
      const cpu = allCpu(row);
      return [
        row.side,
        String(row.inFlight),
        shownSpread(row.perSecond),
        ratio(row.perSecond.median, alone?.perSecond.median),
        shownSpread(row.p50Ms),
        ratio(row.p50Ms.median, alone?.p50Ms.median),
        shownSpread(row.p99Ms),
        cpu === undefined ? "–" : shown(cpu),
      ];
    }),
  };
}
