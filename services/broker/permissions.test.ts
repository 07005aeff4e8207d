import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adminSubject,
  apiSubject,
  beatSubject,
  chunkSubject,
  controlSubject,
  followConsumer,
  followSetupSubject,
  poolModulesSubject,
  programEventSubject,
  ROUTER_EVENTS_CONSUMER,
  ROUTER_REQUESTS_CONSUMER,
  requestEventSubject,
  requestSubject,
  resultSubject,
  scheduleSubject,
  toolCallSubject,
  workConsumer,
  workerEventSubject,
  workSubject,
} from "../../schemas/subjects.ts";
import { isWithin } from "./patterns.ts";
import { permissionsOf } from "./permissions.ts";
import { inboxPrefixOf, MAX_FOLLOWERS, MAX_WORKERS, ROLES, type Role } from "./roles.ts";

const may = (patterns: readonly string[], subject: string): boolean =>
  patterns.some((pattern) => isWithin(subject, pattern));

describe("what the subject builders make is what the roles may use", () => {
  const publishes: [Role, string][] = [
    ["gateway", requestSubject("local", "answer")],
    ["router", workSubject("general")],
    ["router", workSubject("general", "0")],
    ["router", resultSubject("local.c.1")],
    ["router", requestEventSubject("refused")],
    ["router", workerEventSubject("lost")],
    ["router", controlSubject("general", "0")],
    ["router", scheduleSubject("retry", "k")],
    ["router", followSetupSubject("router", 0)],
    ["pool-general", resultSubject("local.x.order-42")],
    ["pool-general", chunkSubject("local.c.1")],
    ["pool-general", beatSubject("general", "0")],
    ["pool-general", toolCallSubject("general", "answer")],
    ["pool-general", poolModulesSubject("general")],
    ["programs", programEventSubject("answer", "registered")],
    ["supervisor", workerEventSubject("started")],
    ["router", `$JS.API.CONSUMER.MSG.NEXT.DSPEX.${ROUTER_REQUESTS_CONSUMER}`],
    ["router", `$JS.API.CONSUMER.MSG.NEXT.DSPEX.${ROUTER_EVENTS_CONSUMER}`],
    ["router", `$JS.API.CONSUMER.MSG.NEXT.DSPEX.${followConsumer("router", MAX_FOLLOWERS - 1)}`],
    ["pool-neural", `$JS.API.CONSUMER.MSG.NEXT.DSPEX.${workConsumer("neural", String(MAX_WORKERS - 1))}`],
  ];
  for (const [role, subject] of publishes) {
    test(`${role} - ${subject}`, () => assert.ok(may(permissionsOf(role).publish, subject)));
  }
  const subscribes: [Role, string][] = [
    ["gateway", apiSubject("*", "call.*")],
    ["programs", adminSubject("*", "program.promote")],
    ["pool-general", controlSubject("general", "0")],
  ];
  for (const [role, subject] of subscribes) {
    test(`${role} - subscribes ${subject}`, () => assert.ok(may(permissionsOf(role).subscribe, subject)));
  }
});

test("inboxes - every role reads its own and nobody else's", () => {
  for (const role of ROLES) {
    const readable = ROLES.filter((other) =>
      may(permissionsOf(role).subscribe, `${inboxPrefixOf(other)}.x.1`),
    );
    assert.deepEqual(readable, [role]);
  }
});

test("roles that may append nothing - have no pattern that touches the log", () => {
  for (const role of ["operator", "setup"] as const) {
    assert.deepEqual(
      permissionsOf(role).publish.filter((pattern) => /^(dspex\.|>|\*)/.test(pattern)),
      [],
    );
  }
});

test("no role - may publish or subscribe to everything, or to the whole API of JetStream", () => {
  for (const role of ROLES) {
    const { publish, subscribe } = permissionsOf(role);
    for (const pattern of [...publish, ...subscribe]) {
      assert.ok(!isWithin("$JS.API.STREAM.DELETE.DSPEX", pattern), `${role}: ${pattern}`);
      assert.ok(
        !isWithin("dspex-live.result.local.c.1", pattern) || role === "gateway",
        `${role}: ${pattern}`,
      );
    }
  }
});
