import assert from "node:assert/strict";
import { test } from "node:test";
import type { DspexError } from "../../schemas/errors.ts";
import { followSetupSubject, LOG_SUBJECTS } from "../../schemas/subjects.ts";
import { parseFollowRequest } from "./follow.ts";

const subject = (role: string, n: number) => followSetupSubject(role, n);
const code = (expected: string) => (error: unknown) => (error as DspexError).code === expected;

test("a follower of the whole log - gets its row's filters", () => {
  const request = parseFollowRequest(subject("router", 3), "_INBOX_router.x.1", { fromSequence: 7 });
  assert.deepEqual(request, { role: "router", n: 3, fromSequence: 7, filters: LOG_SUBJECTS });
});

test("narrower filters - are taken, wider ones refused", () => {
  const ask = (role: string, reply: string, filters: string[]) =>
    parseFollowRequest(subject(role, 0), reply, { fromSequence: 1, filters });
  const own = "dspex.event.program.*.registered";
  assert.deepEqual(ask("pool-general", "_R_.a.b", [own]).filters, [own]);
  const policies = ["dspex.event.policy.updated"];
  assert.deepEqual(ask("native", "_R_.a.b", policies).filters, policies);
  assert.throws(() => ask("pool-general", "_R_.a.b", policies), code("not_allowed"));
  for (const filter of ["dspex.>", ">", "dspex.result.>", "dspex.event.>", "dspex.event.session.>"]) {
    assert.throws(() => ask("pool-general", "_R_.a.b", [filter]), code("not_allowed"), filter);
  }
  for (const filter of ["", "dspex..x", "dspex.event.program.>.x", "dspex.event.pro*", "a b"]) {
    assert.throws(() => ask("router", "_INBOX_router.x", [filter]), code("invalid_inputs"), filter);
  }
});

test("another's inbox as reply - is refused", () => {
  const body = { fromSequence: 1 };
  for (const reply of ["_INBOX_learning.x.1", "_INBOX.x.1", "dspex.event.policy.updated", ""]) {
    assert.throws(() => parseFollowRequest(subject("router", 0), reply, body), code("not_allowed"), reply);
  }
});

test("roles without followers, unknown numbers, bodies that are none - are refused", () => {
  const reply = "_INBOX_setup.x.1";
  assert.throws(
    () => parseFollowRequest(subject("setup", 0), reply, { fromSequence: 1 }),
    code("not_allowed"),
  );
  assert.throws(
    () => parseFollowRequest(subject("nobody", 0), reply, { fromSequence: 1 }),
    code("not_allowed"),
  );
  for (const [n, body] of [
    [16, { fromSequence: 1 }],
    [-1, { fromSequence: 1 }],
    [0, undefined],
    [0, {}],
    [0, { fromSequence: 0 }],
    [0, { fromSequence: 1.5 }],
    [0, { fromSequence: 1, filters: [] }],
    [0, { fromSequence: 1, deliverSubject: "x" }],
  ] as const) {
    const ask = () => parseFollowRequest(subject("router", n), "_INBOX_router.x.1", body);
    assert.throws(ask, code("invalid_inputs"), JSON.stringify({ n, body }));
  }
});
