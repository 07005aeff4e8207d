import assert from "node:assert/strict";
import test from "node:test";
import * as door from "./mod.ts";
import { signature, signatureFromAst } from "./signature.ts";
import { isSignatureError } from "./signature-error.ts";
import { isValuesError } from "./values-error.ts";

test("door - has these names and no others", () => {
  assert.deepEqual(Object.keys(door).sort(), [
    "SignatureError",
    "ValuesError",
    "decodeInputs",
    "decodeOutputs",
    "decodePartialOutputs",
    "encodeInputs",
    "encodeOutputs",
    "formatSignature",
    "hashSignature",
    "inputsToJsonSchema",
    "isSignatureError",
    "isValuesError",
    "outputsToJsonSchema",
    "parseSignature",
    "parseSignatureJson",
    "signature",
    "signatureFromAst",
    "signatureFromZod",
    "signatureSchema",
    "validateInputs",
    "validateOutputs",
  ]);
});

test("signature - knows its text, its hash and both sides", () => {
  const qa = signature("question, n: int = 3 -> answer: str, score: float | None");
  assert.equal(qa.text, "question: str, n: int = 3 -> answer: str, score: float | None");
  assert.equal(qa.hash, signatureFromAst(qa.ast).hash);
  assert.deepEqual(qa.inputs.encode({ question: "x" }), { question: "x" });
  assert.deepEqual(qa.inputs.decode({ question: "x" }), { question: "x", n: 3 });
  assert.deepEqual(qa.inputs.validate({ question: "x" }), { ok: true, value: { question: "x", n: 3 } });
  assert.deepEqual(qa.outputs.decode({ answer: "y" }), { answer: "y", score: null });
  assert.equal(qa.outputs.validate({}).ok, false);
  assert.throws(() => qa.outputs.encode({ answer: "y", score: "high" as never }), isValuesError);
});

test("signature - a bad text fails at run time, too", () => {
  assert.throws(() => signature("a: strr -> b" as string), isSignatureError);
});
