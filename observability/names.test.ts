// Attributes are spelled alike in TypeScript, in Python and on the page that readers of traces have.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ATTRIBUTE, deliveryAttributes, messagingAttributes, providerName, TEMPLATE } from "./names.ts";

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}

/** Of an `exception` event, whose names the conventions fix. */
const OF_EVENTS = /^exception\./;

test("attributes - are on the page about tracing, and those alone", () => {
  const python = [...read("python-pools/dspex_pool/span_names.py").matchAll(/^[A-Z_]+: Final = "(.+)"$/gm)];
  const spelled = new Set([...Object.values(ATTRIBUTE), ...python.map(([, name = ""]) => name)]);
  const page = read("docs/tracing.md");
  const rows = page.slice(page.indexOf("| attribute |"), page.indexOf("## What is never"));
  const written = [...rows.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = ""]) => [
    ...cell.matchAll(/`([^`]+)`/g),
  ]);
  assert.deepEqual(
    written.map(([, name]) => name).sort(),
    [...spelled].filter((name) => !OF_EVENTS.test(name)).sort(),
  );
});

test("templates - have names in place of the tokens that differ", () => {
  assert.deepEqual(TEMPLATE, {
    request: "dspex.request.{user}.{program}",
    work: "dspex.work.{pool}.{worker}",
  });
});

test("attributes of a message - have both spellings of the system", () => {
  const attributes = { ...messagingAttributes("process", "a.b", "a.{b}"), ...deliveryAttributes("work", 7) };
  assert.deepEqual(attributes, {
    "messaging.system": "nats",
    "messaging.system.name": "nats",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "a.b",
    "messaging.destination.template": "a.{b}",
    "messaging.consumer.group.name": "work",
    "messaging.message.id": "7",
  });
  assert.equal(providerName("@ai-sdk/anthropic"), "anthropic");
  assert.equal(providerName("openai-compatible"), "openai-compatible");
});
