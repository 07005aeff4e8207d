// Runs a dspex command line in this process against a test's home, and keeps what it wrote.

import { main } from "../../services/app/cli/main.ts";

export interface Ran {
  exitCode: number;
  /** Standard output and standard error. */
  out: string;
  err: string;
  /** Standard output as JSON. */
  json(): unknown;
}

export interface RunOptions {
  home: string;
  variables?: Record<string, string>;
  /** Told of each piece of standard output when it is written. */
  onOutput?: (text: string) => void;
  /** A person reads it. */
  isTerminal?: boolean;
  /** Ctrl-C. */
  interrupted?: AbortSignal;
}

export async function runDspex(commandLine: readonly string[], options: RunOptions): Promise<Ran> {
  let out = "";
  let err = "";
  const exitCode = await main(commandLine, {
    output: {
      isTTY: options.isTerminal === true,
      write: (text) => {
        out += text;
        options.onOutput?.(text);
      },
    },
    errors: {
      write: (text) => {
        err += text;
      },
    },
    variables: { DSPEX_HOME: options.home, ...options.variables },
    interrupted: options.interrupted ?? new AbortController().signal,
  });
  return { exitCode, out, err, json: () => JSON.parse(out) };
}
