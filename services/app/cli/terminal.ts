// Where a command writes: answers to standard output, all else to standard error. Colours only for a person at a
// terminal who has not set NO_COLOR. A reader that goes away (`dspex log | head`) ends the command without a word.

import { styleText } from "node:util";
import { colourWish } from "../config.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** What is needed of a stream; tests pass their own. */
export interface OutputStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface TerminalSettings {
  output?: OutputStream;
  errors?: OutputStream;
  /** The environment's by default. */
  variables?: Readonly<Record<string, string | undefined>>;
}

export class Terminal {
  readonly #output: OutputStream;
  readonly #errors: OutputStream;
  readonly coloured: boolean;

  constructor(settings: TerminalSettings = {}) {
    this.#output = settings.output ?? process.stdout;
    this.#errors = settings.errors ?? process.stderr;
    const wish = colourWish(settings.variables);
    this.coloured = wish === "always" || (wish === "terminal" && this.#output.isTTY === true);
  }

  get interactive(): boolean {
    return this.#output.isTTY === true;
  }

  /** A person watches standard error: progress may be drawn there. */
  get showsProgress(): boolean {
    return this.#errors.isTTY === true;
  }

  get columns(): number {
    return this.#output.columns ?? 110;
  }

  /** A line of the answer. */
  line(text = ""): void {
    this.#output.write(`${text}\n`);
  }

  /** Text of the answer as it is. */
  text(text: string): void {
    this.#output.write(text);
  }

  /** One line of JSON, or several with an indent. */
  json(value: unknown, indent?: number): void {
    this.line(JSON.stringify(value, bigintAsDigits, indent));
  }

  /** For the person, never for the script. */
  note(text: string): void {
    this.#errors.write(`${text}\n`);
  }

  /** Replaces the line that was drawn last; "" removes it. */
  progress(text: string): void {
    if (this.showsProgress) this.#errors.write(`\r\u001b[2K${text}`);
  }

  paint(style: Style, text: string): string {
    return this.coloured && text !== "" ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

function bigintAsDigits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJSON(value.toString()) : value;
}

/** Ends the process quietly when nobody reads its output any more. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
