import assert from "node:assert/strict";
import { test } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import { definitionOf } from "./definition.ts";

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
