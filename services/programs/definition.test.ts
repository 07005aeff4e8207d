import assert from "node:assert/strict";
import { test } from "node:test";
import { modelsSchema } from "../../schemas/config/models.ts";
import { isDspexError } from "../../schemas/errors.ts";
import { definitionOf, definitionWith } from "./definition.ts";

const SIGNATURE = "question: str, tone: str = 'plain' -> answer: str";

function program(...implementations: object[]): Record<string, unknown> {
  return { name: "answer", signature: SIGNATURE, implementations };
}

test("definition - has the signature as a tree and a version of its content", () => {
  const definition = definitionOf(program({ kind: "native", name: "echo" }));
  assert.match(definition.version, /^[0-9a-f]{16}$/);
  assert.deepEqual(definition.signature, {
    inputs: [
      { name: "question", type: { kind: "str" } },
      { name: "tone", type: { kind: "str" }, default: "plain" },
    ],
    outputs: [{ name: "answer", type: { kind: "str" } }],
  });
  // Declared by its tree it is the same.
  const { version: _version, ...declared } = definition;
  assert.deepEqual(definitionOf(declared), definition);
});

test("version - is the same whatever the order of members, and another for other content", () => {
  const settings = { model: "small", temperature: 0.5, prompt: "{{question}}" };
  const { version } = definitionOf(program({ kind: "plain", name: "short", ...settings }));
  const turned = Object.fromEntries(Object.entries({ kind: "plain", name: "short", ...settings }).reverse());
  const { name, signature, implementations } = program(turned);
  assert.equal(definitionOf({ implementations, signature, name }).version, version);
  const others: object[] = [
    { ...program({ kind: "plain", name: "short", ...settings, temperature: 0.6 }) },
    { ...program({ kind: "plain", name: "short", ...settings }), description: "Answers." },
    { ...program({ kind: "plain", name: "short", ...settings }), name: "other" },
    program({ kind: "native", name: "a" }, { kind: "native", name: "b" }),
    program({ kind: "native", name: "b" }, { kind: "native", name: "a" }),
  ];
  const versions = new Set(others.map((other) => definitionOf(other).version));
  assert.equal(versions.size, others.length);
  assert.ok(!versions.has(version));
});

test("prompts - take every input, spaces around its name or not, and may have none", () => {
  definitionOf(
    program(
      { kind: "plain", name: "a", prompt: "{{question}} in a {{ tone }} tone, {no place} {{}}" },
      { kind: "structured", name: "b", prompt: "{{tone}}" },
      { kind: "structured", name: "c" },
    ),
  );
});

const MOOD = 'text: str, language: str = "en" -> mood: Literal["good", "bad", "so so"]';

function choice(settings: object, signature = MOOD): Record<string, unknown> {
  return { name: "mood", signature, implementations: [{ kind: "choice", name: "likely", ...settings }] };
}

test("a choice - picks among the labels of a Literal, of an enum, or of a bool", () => {
  const words = { good: "happy", "so so": "neither" };
  definitionOf(choice({ prompt: "{{text}} ({{language}}) is", words, offsets: { good: 1.5, bad: -1.5 } }));
  definitionOf(choice({ words: { true: "yes", false: "no" } }, "text: str -> good: bool"));
  definitionOf(choice({ words: { 1: "one", null: "none" } }, "text: str -> stars: Literal[1, 2, None]"));
  // Two labels may change their words.
  definitionOf(choice({ words: { good: "bad", bad: "good" } }));
});

test("a choice - has its calibration inputs as requests have them: with their defaults", () => {
  const [likely] = definitionOf(
    choice({ calibration: [{ text: "a" }, { text: "b", language: "de" }] }),
  ).implementations;
  assert.ok(likely?.kind === "choice");
  assert.deepEqual(likely.calibration, [
    { text: "a", language: "en" },
    { text: "b", language: "de" },
  ]);
});

test("routing - is part of the definition, and of its version", () => {
  const declared = program({ kind: "native", name: "x" });
  const routing = { prefer: "speed", weights: { quality: 0, time: 1, cost: 0 }, hedge: true };
  const definition = definitionOf({ ...declared, routing });
  assert.deepEqual(definition.routing, routing);
  assert.notEqual(definition.version, definitionOf(declared).version);
  assert.ok(!("routing" in definitionOf(declared)));
});

test("capabilities - are part of the definition; another configuration of the model is another version", () => {
  const define = (contextTokens: number) =>
    definitionWith(modelsSchema.parse({ default: "m", models: { m: { model: "m", contextTokens } } }));
  const declared = program({ kind: "structured", name: "s" });
  const definition = define(2_048)(declared);
  assert.equal(definition.implementations[0]?.capabilities?.contextTokens, 2_048);
  assert.deepEqual(define(2_048)(declared), definition);
  assert.notEqual(define(4_096)(declared).version, definition.version);
  // What was registered, declared again as it is shown, is the same.
  const { version: _version, ...shown } = definition;
  assert.deepEqual(define(2_048)(shown), definition);
});

test("variables - are part of the definition, and of its version; a user's own function may name any key", () => {
  const mine = { kind: "python", name: "mine", pool: "general", entry: "mine" };
  const variables = { temperature: "warmth", voice: "tone" };
  const definition = definitionOf(program({ ...mine, variables }));
  assert.deepEqual(definition.implementations[0]?.variables, variables);
  assert.notEqual(definition.version, definitionOf(program(mine)).version);
});

const wrong: [name: string, declaration: unknown, path: string | undefined, message: RegExp][] = [
  [
    "a misspelt place of a plain call",
    program({ kind: "native", name: "x" }, { kind: "plain", name: "p", prompt: "{{qestion}}?" }),
    "implementations.1.prompt",
    /^\{\{qestion\}\} is no input of the signature, it has: question, tone$/,
  ],
  [
    "an output as a place of a structured call",
    program({ kind: "structured", name: "s", prompt: "{{question}} {{answer}}" }),
    "implementations.0.prompt",
    /\{\{answer\}\} is no input/,
  ],
  [
    "two implementations of one name",
    program({ kind: "native", name: "x" }, { kind: "structured", name: "x" }),
    "implementations.1",
    /implementation "x" is declared twice/,
  ],
  [
    "a plain call of two outputs",
    {
      ...program({ kind: "plain", name: "p", prompt: "{{q}}" }),
      signature: "q: str -> a: str, b: str",
    },
    "implementations.0",
    /must have one str output/,
  ],
  [
    "a plain call of another output",
    { ...program({ kind: "plain", name: "p", prompt: "{{q}}" }), signature: "q: str -> n: int" },
    "implementations.0",
    /must have one str output/,
  ],
  [
    "a choice of two outputs",
    choice({}, "text: str -> good: bool, loud: bool"),
    "implementations.0",
    /"likely" is a choice: the signature must have one output, a Literal, an enum or a bool$/,
  ],
  ["a choice of a text", choice({}, "text: str -> mood: str"), "implementations.0", /is a choice/],
  [
    "a choice that may be none",
    choice({}, 'text: str -> mood: Literal["good", "bad"] | None'),
    "implementations.0",
    /is a choice/,
  ],
  [
    "a word for a label that is none",
    choice({ words: { godo: "happy" } }),
    "implementations.0.words",
    /^"godo" is no label of the signature, it has: good, bad, so so$/,
  ],
  [
    "an offset of a label that is none",
    choice({ offsets: { good: 0.5, godo: -0.5 } }),
    "implementations.0.offsets",
    /^"godo" is no label of the signature, it has: good, bad, so so$/,
  ],
  [
    "one word for two labels",
    choice({ words: { good: "bad" } }),
    "implementations.0.words",
    /^"bad" stands for the labels "good" and "bad"$/,
  ],
  [
    "labels that read the same",
    choice({}, 'text: str -> stars: Literal[1, "1"]'),
    "implementations.0.words",
    /^"1" stands for the labels "1" and "1"$/,
  ],
  [
    "a misspelt place of a choice",
    choice({ prompt: "{{texd}}" }),
    "implementations.0.prompt",
    /\{\{texd\}\} is no input of the signature, it has: text, language$/,
  ],
  [
    "a calibration input of another type",
    choice({ calibration: [{ text: "a" }, { text: 5 }] }),
    "implementations.0.calibration.1",
    /^calibration: inputs\.text: expected str, got int 5$/,
  ],
  [
    "a calibration input with its label",
    choice({ calibration: [{ text: "a", mood: "good" }] }),
    "implementations.0.calibration.0",
    /inputs\.mood/,
  ],
  [
    "a variable for a setting that the kind has not",
    program({ kind: "structured", name: "s", variables: { temperature: "warmth", adapter: "form" } }),
    "implementations.0.variables.adapter",
    /^implementation "s": adapter is no setting .*, structured has: model, temperature, maxTokens, timeoutMs, prompt$/,
  ],
  [
    "a variable for a parameter without a module",
    program({ kind: "structured", name: "n", variables: { "parameters.steps": "steps" } }),
    "implementations.0.variables.parameters.steps",
    /^implementation "n": parameters\.steps is no setting .*, structured has: model, .*, prompt$/,
  ],
  [
    "a variable for what an implementation is",
    program({ kind: "dspy", name: "d", pool: "general", module: "Predict", variables: { pool: "where" } }),
    "implementations.0.variables.pool",
    /pool is no setting .*, dspy has: .*, demos, parameters\.<name>$/,
  ],
  [
    "a name that no variable has",
    program({ kind: "structured", name: "s", variables: { temperature: "a.b" } }),
    "implementations.0.variables.temperature",
    /expected a name of a variable/,
  ],
  [
    "weights of nothing",
    {
      ...program({ kind: "native", name: "x" }),
      routing: { weights: { quality: 0, time: 0, cost: 0 } },
    },
    "routing.weights",
    /all weights are 0/,
  ],
  [
    "a preference that is none",
    { ...program({ kind: "native", name: "x" }), routing: { prefer: "fun" } },
    "routing.prefer",
    /^program: /,
  ],
  [
    "a signature that is none",
    { ...program({ kind: "native", name: "x" }), signature: "q" },
    "signature",
    /^signature: /,
  ],
  ["no implementation", program(), "implementations", /^program: /],
  [
    "a member that nobody knows",
    { ...program({ kind: "native", name: "x", inlin: true }) },
    "implementations.0",
    /inlin/,
  ],
  ["no declaration at all", null, "", /^program: /],
];

for (const [name, declaration, path, message] of wrong) {
  test(`refused - ${name}`, () => {
    assert.throws(
      () => definitionOf(declaration),
      (error) => {
        assert.ok(isDspexError(error), String(error));
        assert.equal(error.code, "invalid_inputs");
        assert.equal(error.path, path);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
