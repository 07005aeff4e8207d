// What the demo asks: programs that ship, one for each kind of implementation.

export interface DemoCall {
  program: string;
  inputs: Record<string, unknown>;
  /** Which kind of implementation answers. */
  what: string;
}

const STORY =
  "Ada Lovelace wrote the first published program in 1843, for a machine that was never built. She saw that it could " +
  "work on more than numbers: on anything whose relations can be written down, such as music.";

export const DEMO_CALLS: readonly DemoCall[] = [
  {
    program: "calculator",
    inputs: { expression: "2**64 / 3" },
    what: "a TypeScript function, in the router itself",
  },
  { program: "echo-python", inputs: { text: "hello" }, what: "a Python function, in a pool" },
  {
    program: "sentiment",
    inputs: { text: "I loved every minute of it." },
    what: "a model call whose output must fit the signature",
  },
  { program: "summarize", inputs: { text: STORY }, what: "a model call with a prompt of its own" },
  {
    program: "answer",
    inputs: { question: "What is the capital of France?" },
    what: "a DSPy module, ChainOfThought, in a pool",
  },
];
