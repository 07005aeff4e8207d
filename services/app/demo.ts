// The first minute of a new user: one real request to each kind of implementation, with its answer and its time, and
// what to try next. Uses the client library as any application would.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { asDspexError } from "../../schemas/errors.ts";
import type { ProgramDeclaration } from "../../schemas/messages/program-event.ts";
import { connect, type Dspex } from "../client/mod.ts";
import type { Terminal } from "./cli/terminal.ts";
import { DEMO_CALLS, type DemoCall } from "./demo-calls.ts";

/** Calls whose programs this application declares. */
export function demoCalls(declarations: readonly ProgramDeclaration[]): DemoCall[] {
  const declared = new Set(declarations.map(({ name }) => name));
  return DEMO_CALLS.filter(({ program }) => declared.has(program));
}

export interface DemoSettings {
  terminal: Terminal;
  login: { url: string; user: string; password: string };
  calls: readonly DemoCall[];
  interrupted: AbortSignal;
}

export async function runDemo({ terminal, login, calls, interrupted }: DemoSettings): Promise<void> {
  const [first] = calls;
  if (first === undefined) return;
  await using dspex = await connect({ ...login, name: "dspex demo" });
  terminal.line();
  let id = "<id>";
  for (const call of calls) {
    if (interrupted.aborted) return;
    id = await showCall(terminal, dspex, call, interrupted);
  }
  terminal.line();
  terminal.line(terminal.paint("bold", "What to try next, in another terminal:"));
  for (const [command, why] of nextSteps(first, id)) {
    terminal.line(`  ${command.padEnd(64)} ${terminal.paint("dim", why)}`);
  }
  terminal.line();
}

async function showCall(
  terminal: Terminal,
  dspex: Dspex,
  { program, inputs, implementation, what }: DemoCall,
  signal: AbortSignal,
): Promise<string> {
  const begun = performance.now();
  const run = await dspex.program(program).submit(inputs, {
    signal,
    deadlineMs: 60_000,
    ...(implementation !== undefined && { implementation }),
  });
  const asked = `${program}(${Object.values(inputs).map(shortened).join(", ")})`;
  let answer: string;
  try {
    answer = Object.entries(await run.outputs())
      .map(([name, value]) => `${name}: ${typeof value === "string" ? value.trim() : stringifyJson(value)}`)
      .join(", ");
  } catch (thrown) {
    const { code, message } = asDspexError(thrown);
    answer = terminal.paint("red", `${code}: ${message}`);
  }
  const tookMs = performance.now() - begun;
  terminal.line(`${terminal.paint("cyan", asked)}  ${terminal.paint("dim", what)}`);
  terminal.line(`  ${answer}  ${terminal.paint("dim", `${tookMs.toFixed(tookMs < 10 ? 1 : 0)} ms`)}`);
  return run.id;
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 58)}…"` : text;
}

function nextSteps({ program, inputs }: DemoCall, id: string): [command: string, why: string][] {
  const [field, value] = Object.entries(inputs)[0] ?? ["input", ""];
  return [
    [`npx dspex call ${program} ${field}=${JSON.stringify(value)}`, "call a program"],
    ["npx dspex watch", "requests and results as they happen"],
    [`npx dspex log ${id}`, "everything that happened to one request"],
    [`npx dspex explain ${id}`, "why it was answered by that implementation"],
    ["npx dspex program list", "what can be called"],
    ["npx dspex replay", "a service's state, rebuilt from the log"],
    [`eval "$(npx dspex env)"; nats req dspex-api.local.call.${program} '${JSON.stringify(inputs)}'`, ""],
  ];
}
