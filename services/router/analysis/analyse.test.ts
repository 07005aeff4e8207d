import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { analyseTask, lengthBucket, type TaskAnalysis } from "./analyse.ts";
import { profileTask } from "./profile.ts";

const triage = profileTask(
  parseSignature('"Which team should answer the message?" message: str -> team: Literal["a", "b"]'),
);
const answer = profileTask(parseSignature("question: str -> reasoning: str, answer: str"));
const describe = profileTask(parseSignature("photo: Image, note: Optional[str] -> caption: str"));

function analysed(text: string): TaskAnalysis {
  return analyseTask(triage, { message: text }, {}, 0);
}

test("a short label - is simple, needs structure, and goes to the cheapest place", () => {
  const found = analysed("My invoice is wrong.");
  assert.deepEqual(found, {
    features: {
      inputBytes: 20,
      fieldCount: 1,
      types: ["str"],
      language: "en",
      reasoningHints: 0,
      toolHints: 0,
      historyLength: 0,
      requirements: {},
    },
    complexity: { level: "low", score: 0 },
    needs: {
      structuredOutput: true,
      reasoning: false,
      tools: false,
      longContext: false,
      vision: false,
      contextTokens: 206,
      leastTokens: 2,
    },
    pool: "native",
    kind: "label/low/english",
    lengthBucket: 0,
  });
  assert.equal(analyseTask(triage, { message: "x" }, { prefer: "cost" }, 0).pool, "neural");
});

test("a question with reasoning - is harder, and goes where modules run", () => {
  const question =
    "Explain step by step why 17 * 23 = 391, and prove that the square root of 2 is not rational.";
  const found = analyseTask(answer, { question }, { deadlineMs: 5_000, budget: { usd: 0.1 } }, 3);
  assert.equal(found.needs.reasoning, true);
  assert.equal(found.pool, "general");
  assert.notEqual(found.complexity.level, "low");
  assert.equal(found.features.historyLength, 3);
  assert.deepEqual(found.features.requirements, { deadlineMs: 5_000, usd: 0.1 });
  assert.ok(found.complexity.score > analyseTask(answer, { question: "Who?" }, {}, 0).complexity.score);
});

test("an image - needs vision", () => {
  const found = analyseTask(describe, { photo: { $image: { url: "https://a/b" } } }, {}, 0);
  assert.equal(found.needs.vision, true);
  assert.equal(found.needs.structuredOutput, false);
  assert.deepEqual(found.features.types, ["image", "str"]);
});

test("a referenced value - counts with its size, without being read", () => {
  const reference = { $ref: { bucket: "b", key: "k", sizeBytes: 300_000, sha256: "", contentType: "" } };
  const found = analyseTask(triage, { message: reference }, {}, 0);
  assert.equal(found.features.inputBytes, 300_000);
  assert.equal(found.needs.longContext, true);
});

test("a history field - counts its turns", () => {
  const turn = { inputs: { question: "a" }, outputs: { answer: "b" } };
  const found = analyseTask(answer, { question: "c", history: [turn, turn] }, {}, 1);
  assert.equal(found.features.historyLength, 2);
});

const TEXTS: readonly (readonly [string, string])[] = [
  ["en", "The parcel that you sent to me was not what I have ordered, and it was broken."],
  ["de", "Das Paket ist nicht das, was ich bestellt habe, und es wird auch nicht ersetzt."],
  ["fr", "Le colis que vous avez envoyé n'est pas celui que je voulais et il est cassé."],
  ["es", "El paquete que me enviaron no es lo que pedí y está roto, pero nadie responde por él."],
  ["pt", "O pacote não é o que eu pedi e você também não respondeu ao meu pedido."],
  ["it", "Il pacco non è quello che ho ordinato, e gli altri sono arrivati rotti."],
  ["nl", "Het pakket is niet wat ik heb besteld, en er is ook een stuk van gebroken."],
  ["pl", "Paczka nie jest tym, co zamówiłem, i już się zepsuła przez to."],
  ["sv", "Det är inte paketet som jag har beställt, och det kan inte vara rätt."],
  ["tr", "Bu paket benim sipariş ettiğim değil ve çok kötü bir durumda ama kimse yok."],
  ["ru", "Посылка не та, которую я заказывал."],
  ["el", "Το δέμα δεν είναι αυτό που παρήγγειλα."],
  ["he", "החבילה אינה מה שהזמנתי."],
  ["ar", "الطرد ليس ما طلبته."],
  ["hi", "पैकेज वह नहीं है जो मैंने मंगवाया था।"],
  ["th", "พัสดุไม่ใช่สิ่งที่ฉันสั่ง"],
  ["ko", "소포가 제가 주문한 것이 아닙니다."],
  ["ja", "荷物は注文したものと違います。"],
  ["zh", "包裹不是我订的东西。"],
  ["und", "42"],
];

test("the language - of a sentence in each", () => {
  for (const [language, text] of TEXTS) assert.equal(analysed(text).features.language, language, text);
});

test("bytes - are those of UTF-8, however many units", () => {
  for (const [, text] of TEXTS)
    assert.equal(analysed(text).features.inputBytes, Buffer.byteLength(text), text);
  assert.equal(analysed("😀a").features.inputBytes, 5);
});

test("long inputs - are estimated from a sample, within a tenth", () => {
  for (const text of [
    "The answer is 42, says the machine. ".repeat(3_000),
    "Größe und Maß sind nötig. ".repeat(3_000),
  ]) {
    const told = analysed(text).features.inputBytes;
    const exact = Buffer.byteLength(text);
    assert.ok(Math.abs(told - exact) < 0.1 * exact, `${told} for ${exact}`);
    assert.equal(analysed(text).lengthBucket, 3);
  }
});

test("any inputs - are analysed, the same way each time, within the bounds", () => {
  const inputs = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 });
  fc.assert(
    fc.property(inputs, fc.nat({ max: 50 }), (values, turns) => {
      const found = analyseTask(answer, values, {}, turns);
      assert.deepEqual(analyseTask(answer, values, {}, turns), found);
      assert.ok(found.complexity.score >= 0 && found.complexity.score <= 1);
      assert.ok(Number.isInteger(found.features.inputBytes) && found.features.inputBytes >= 0);
      assert.ok(found.lengthBucket >= 0 && found.lengthBucket <= 3);
      assert.match(found.kind, /^structure\/(low|medium|high)\/(english|latin|other)$/);
    }),
  );
});

test("length buckets - grow with the length", () => {
  assert.deepEqual([0, 127, 128, 511, 512, 4_095, 4_096].map(lengthBucket), [0, 0, 1, 1, 2, 2, 3]);
});

test("a long list - is not walked to its end", () => {
  const found = analyseTask(triage, { message: new Array(100_000).fill(1) }, {}, 0);
  assert.ok(found.features.inputBytes >= 790_000);
});
