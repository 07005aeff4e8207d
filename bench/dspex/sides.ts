// The two sides of every request benchmark, started on one server: the floor's processes and DSPex's.

import { type Child, startChild } from "../kit/child-process.ts";
import type { Side } from "../kit/interleaved.ts";
import type { BenchServer } from "../kit/server.ts";
import type { MeasuredProgram } from "./client.ts";
import { startUp } from "./up.ts";

export interface Sides extends AsyncDisposable {
  floor: Side;
  /** With one consumer that sees the whole stream, as every service with a fold needs. */
  floorWithFollower: Side;
  /** Also with messages as long as DSPex's: what JetStream would give to this design if our code cost nothing. */
  floorWithBytes: Side;
  dspex(name: string, program: MeasuredProgram): Side;
}

/** What DSPex's envelopes add to the payload: a request has 615 bytes, its result 1,280. */
const REQUEST_PADDING = 155;
const RESULT_PADDING = 815;

export interface SidesSettings {
  server: BenchServer;
  parts: readonly string[];
  /** Folder for V8 CPU profiles. */
  profileFolder?: string | undefined;
}

export async function startSides({ server, parts, profileFolder }: SidesSettings): Promise<Sides> {
  const { url, pid: serverPid } = server;
  const children = new AsyncDisposableStack();
  const profile = (name: string): string[] =>
    profileFolder === undefined
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`];
  const start = async (name: string, file: URL, settings: unknown): Promise<Child> =>
    children.use(await startChild(file, settings, profile(name)));
  try {
    const worker = await start("floor-worker", new URL("../floor/worker.ts", import.meta.url), {
      url,
      ...server.floor,
    });
    const floorClient = await start("floor-client", new URL("../floor/client.ts", import.meta.url), {
      url,
      ...server.floor,
    });
    const services = children.use(
      await startUp({ home: server.home, url, parts, execArgv: profile("services") }),
    );
    const client = await start("client", new URL("./client.ts", import.meta.url), { url, ...server.local });
    const pools = services.children();
    const floor: Side = {
      name: "floor",
      processes: { client: [floorClient.pid], worker: [worker.pid], server: [serverPid] },
      load: (given) => floorClient.ask("load", given),
    };
    return {
      floor,
      floorWithFollower: {
        ...floor,
        name: "floor with a follower",
        before: () => worker.ask("follow", true),
        after: () => worker.ask("follow", false),
      },
      floorWithBytes: {
        ...floor,
        name: "floor, follower, same bytes",
        before: async () => {
          await Promise.all([worker.ask("follow", true), worker.ask("pad", RESULT_PADDING)]);
          await floorClient.ask("pad", REQUEST_PADDING);
        },
        after: async () => {
          await Promise.all([worker.ask("follow", false), worker.ask("pad", 0), floorClient.ask("pad", 0)]);
        },
      },
      dspex: (name, program) => ({
        name,
        processes: {
          client: [client.pid],
          services: [services.pid],
          ...(pools.length > 0 && { python: pools }),
          server: [serverPid],
        },
        load: (given) => client.ask("load", { ...given, program }),
      }),
      [Symbol.asyncDispose]: () => children.disposeAsync(),
    };
  } catch (error) {
    await children.disposeAsync();
    throw error;
  }
}
