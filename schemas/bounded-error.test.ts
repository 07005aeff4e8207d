import assert from "node:assert/strict";
import { test } from "node:test";
import { boundedError } from "./bounded-error.ts";
import { DspexError } from "./errors.ts";

const wire = (message: string, options = {}) => new DspexError("invalid_inputs", message, options).toWire();

test("an error - stays the same object when it is short", () => {
  const error = wire("short", { path: "inputs.a", details: [{ path: "a" }] });
  assert.equal(boundedError(error), error);
});

test("an error - whose every part quotes half a megabyte fits into a message", () => {
  const long = "n".repeat(524_288);
  const bounded = boundedError(wire(long, { path: `inputs.${long}`, details: [{ path: long }] }));
  assert.ok(JSON.stringify(bounded).length < 10_000);
  assert.deepEqual([bounded.code, bounded.retryable, bounded.details], ["invalid_inputs", false, undefined]);
});

test("an error - is cut between characters", () => {
  assert.ok(boundedError(wire(`x${"\u{1f600}".repeat(3_000)}`)).message.isWellFormed());
});

test("an error - with details that are no json goes without them", () => {
  assert.equal(boundedError(wire("m", { details: { n: 1n } })).details, undefined);
});
