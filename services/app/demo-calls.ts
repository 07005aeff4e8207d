// What the demo asks: programs that ship, one for each kind of implementation.

export interface DemoCall {
  program: string;
  inputs: Record<string, unknown>;
  /** The one that is asked for, where routing might choose one of another kind. */
  implementation?: string;
  /** Which kind that is. */
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
    implementation: "structured",
    what: "a model call whose output must fit the signature",
  },
  {
    program: "summarize",
    inputs: { text: STORY },
    implementation: "plain",
    what: "a model call with a prompt of its own",
  },
  {
    program: "answer",
    inputs: { question: "What is the capital of France?" },
    implementation: "chain-of-thought",
    what: "a DSPy module, ChainOfThought, in a pool",
  },
];
