// The client library as a command uses it: connected at once or not at all, closed at the end of the scope.

import { readFileSync } from "node:fs";
import { connect, type Dspex } from "../../client/mod.ts";
import { userTarget } from "../target.ts";
import type { CommandContext } from "./context.ts";
import type { InputReader } from "./inputs.ts";

export async function asClient(context: CommandContext, user?: string): Promise<Dspex> {
  const target = userTarget(context.environment, user);
  return connect({ ...target, name: "dspex command", failFast: true });
}

export const inputReader: InputReader = {
  standardInput: () => readFileSync(0, "utf8"),
  file: (path) => readFileSync(path, "utf8"),
};
