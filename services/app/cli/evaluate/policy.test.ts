import assert from "node:assert/strict";
import { test } from "node:test";
import { STANDARD_SETTINGS } from "../../../learning/policy/state.ts";
import { weightsFor } from "../../../learning/posterior/reward.ts";
import { parsePolicy } from "./policy.ts";

const nothing = () => undefined;
const staticOf = (text: string) => {
  const { target } = parsePolicy(text, nothing);
  assert.ok(target.kind === "static");
  return target.policy;
};
const settingsOf = (text: string) => {
  const { target } = parsePolicy(text, nothing);
  assert.ok(target.kind === "learned");
  return target.settings;
};

test("a policy - by name", () => {
  assert.deepEqual(staticOf("declared-order")(["a", "b"]), [1, 0]);
  assert.deepEqual(staticOf("uniform")(["a", "b"]), [0.5, 0.5]);
  assert.deepEqual(settingsOf("thompson"), STANDARD_SETTINGS);
});

test("a policy - as JSON: whole settings, some of them, an order, a preference alone", () => {
  const settings = { name: "bold", rule: "thompson", temper: 1, floor: 0.1 };
  assert.deepEqual(settingsOf(JSON.stringify(settings)), settings);
  assert.deepEqual(settingsOf('{"floor":0.2}'), { ...STANDARD_SETTINGS, floor: 0.2 });
  assert.deepEqual(staticOf('{"rule":"fixed","order":["b"]}')(["a", "b"]), [0, 1]);
  const cheap = parsePolicy('{"prefer":"cost"}', nothing);
  assert.deepEqual(cheap.target, { kind: "learned", settings: undefined });
  assert.deepEqual(cheap.weights, weightsFor("cost"));
});

test("a policy - weights are used in proportion", () => {
  const { weights } = parsePolicy('{"rule":"uniform","weights":{"quality":2,"time":1,"cost":1}}', nothing);
  assert.deepEqual(weights, { quality: 0.5, time: 0.25, cost: 0.25 });
});

test("a policy - from a file", () => {
  const read = (path: string) => (path === "policy.json" ? '{"rule":"uniform"}' : undefined);
  const { title, target } = parsePolicy("policy.json", read);
  assert.deepEqual([title, target.kind], ["policy.json", "static"]);
});

test("a policy - what is wrong is named", () => {
  const wrong: [text: string, message: RegExp][] = [
    ['{"temper":-1}', /^policy\.temper: /],
    ['{"rule":"best"}', /^policy\.rule: /],
    ['{"floor":"much"}', /^policy\.floor: /],
    ['{"weight":1}', /^policy\.weight: unknown member "weight"/],
    ['{"rule":"fixed"}', /^policy\.order: /],
    ['{"rule":"fixed","order":["no such.name"]}', /^policy\.order\[0\]: /],
    ['{"prefer":"cost","weights":{"quality":1,"time":0,"cost":0}}', /either prefer or weights/],
    ['{"weights":{"quality":0,"time":0,"cost":0}}', /^policy\.weights: /],
    ["{rule}", /^the policy is not JSON/],
    ["bandit", /^"bandit" is no policy: declared-order, uniform, thompson/],
    ["[1]", /"\[1\]" is no policy/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(
      () => parsePolicy(text, nothing),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, "invalid_inputs", text);
        assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.throws(() => parsePolicy("list.json", () => "[1]"), { message: /^policy: / });
});
