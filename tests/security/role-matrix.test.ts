// Who may do what, tried on the real server with the generated configuration: each row is a subject and exactly the
// roles that may publish (or subscribe) there. Every other role must be refused by the server itself.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { FOLLOWER_ROLES, ROLES, type Role, SNAPSHOT_ROLES } from "../../services/broker/mod.ts";
import { startNats } from "../kit/start-nats.ts";
import { refusedPublishes, refusedSubscriptions } from "./probe.ts";

const POOLS: Role[] = ["native", "pool-general", "pool-optimizer", "pool-neural"];
const FOLDS: Role[] = ["learning", "programs", "variables", "sessions", "pipelines", "telemetry"];
const LOG_READERS: Role[] = ["router", ...FOLDS, "gateway"];
const WHOLE_LOG: Role[] = [...LOG_READERS, "operator"];
const nobody: Role[] = [];

const PUBLISH: Record<string, Role[]> = {
  // the log
  "dspex.request.local.answer": ["gateway", "programs", "variables", "pipelines"],
  "dspex.work.general.any": ["router"],
  "dspex.work.general.0": ["router"],
  // Sessions: of what it erases, a result that says so.
  "dspex.result.local.c.1": ["router", "sessions", ...POOLS],
  "dspex.event.attempt.failed": ["router", ...POOLS],
  "dspex.event.request.superseded": ["router", ...POOLS],
  "dspex.event.request.refused": ["router"],
  "dspex.event.request.cancel-requested": ["router", "gateway", "programs", "variables", "pipelines"],
  "dspex.event.policy.updated": ["learning"],
  "dspex.event.policy.promoted": ["learning"],
  "dspex.event.program.answer.registered": ["programs"],
  // The program that searches for better values of variables.
  "dspex.event.program.dspex-tune.registered": ["programs", "variables"],
  "dspex.event.program.answer.feedback.local.c.1.a2b4": ["programs"],
  "dspex.event.variable.changed": ["variables"],
  "dspex.event.optimization.run1.queued": ["programs", "variables"],
  "dspex.event.optimization.run1.trial-finished": ["programs", "variables", "pool-optimizer"],
  "dspex.event.session.local.s1.opened": ["sessions"],
  "dspex.event.pipeline.local.run1.started": ["pipelines"],
  "dspex.event.worker.started": ["supervisor"],
  "dspex.event.worker.lost": ["supervisor", "router"],
  "dspex.event.worker.found": ["supervisor", "router"],
  "dspex.event.breaker.opened": ["router"],
  "dspex.event.telemetry.alert": ["telemetry"],
  "dspex.event.anything.else": nobody,
  "dspex.else": nobody,
  // off the log
  "dspex-live.result.local.c.1": nobody,
  "dspex-chunk.local.c.1": POOLS,
  "dspex-beat.general.0": ["pool-general"],
  "dspex-beat.neural.0": ["pool-neural"],
  "dspex-control.general.0": ["router", "supervisor", "gateway"],
  "dspex-tool.general.call.answer": ["pool-general"],
  "dspex-tool.optimizer.call.answer": ["pool-optimizer"],
  "dspex-pool.general.modules": ["pool-general"],
  "dspex-schedule.retry.k": ["router"],
  "dspex-schedule.session.k": ["sessions"],
  "dspex-schedule.pipeline.k": ["pipelines"],
  "dspex-live.result.local.p.run1.told": ["pipelines"],
  "dspex-live.result.local.p.run1_0_1": [],
  "dspex-schedule.else.k": nobody,
  "dspex-timer.retry.k": nobody,
  "dspex-api.local.call.answer": nobody,
  "dspex-admin.local.program.promote": nobody,
  "dspex-setup.info": ["operator"],
  "dspex-setup.erase": ["sessions"],
  "dspex-router.open": ["gateway", "learning"],
  "dspex-server.jetstream": ["setup"],
  // pulls and acks
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-router-requests": ["router"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-router-events": ["router"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX_TIMER.work-router-timers": ["router"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX_TIMER.work-sessions-timers": ["sessions"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-general-any": ["pool-general"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-general-15": ["pool-general"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-general-16": nobody,
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-native-any": ["native"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.follow-router-0": ["router"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.follow-telemetry-3": ["telemetry"],
  "$JS.API.CONSUMER.MSG.NEXT.DSPEX.else": nobody,
  "$JS.ACK.DSPEX.work-router-requests.1.1.1.1.0": ["router"],
  "$JS.ACK.DSPEX.work-general-any.1.1.1.1.0": ["pool-general", "supervisor"],
  "$JS.ACK.DSPEX.work-neural-0.1.1.1.1.0": ["pool-neural", "supervisor"],
  "$JS.ACK.DSPEX_TIMER.work-router-timers.1.1.1.1.0": ["router"],
  "dspex-setup.follow.router.0": ["router"],
  "dspex-setup.follow.supervisor.0": nobody,
  // reading
  "$JS.API.DIRECT.GET.DSPEX": WHOLE_LOG,
  "$JS.API.DIRECT.GET.DSPEX.dspex.request.local.answer": WHOLE_LOG,
  "$JS.API.DIRECT.GET.DSPEX.dspex.event.session.local.s1.turn-added": WHOLE_LOG,
  "$JS.API.DIRECT.GET.DSPEX.dspex.event.session.local.s1.erased": [...WHOLE_LOG, "setup"],
  "$JS.API.DIRECT.GET.DSPEX.dspex.result.local.c.1": [...WHOLE_LOG, ...POOLS],
  "$JS.API.DIRECT.GET.DSPEX.dspex.event.policy.updated": [...WHOLE_LOG, "native"],
  "$JS.API.STREAM.INFO.DSPEX": [...LOG_READERS, "setup"],
  "$JS.API.STREAM.MSG.GET.DSPEX": nobody,
  "$JS.API.DIRECT.GET.DSPEX_CHUNK": ["gateway"],
  "$JS.API.DIRECT.GET.DSPEX_TIMER": nobody,
  "$JS.API.DIRECT.GET.OBJ_DSPEX_VALUE": ["router", ...POOLS, ...FOLDS, "gateway", "operator"],
  "$O.DSPEX_VALUE.C.n1": ["router", "gateway", "pipelines", ...POOLS],
  "$O.DSPEX_VALUE.M.n1": ["router", "gateway", "pipelines", ...POOLS],
  "$O.DSPEX_ARTIFACT.M.n1": ["pool-optimizer", "programs"],
  // changing what is there
  "$JS.API.STREAM.CREATE.DSPEX": ["setup"],
  "$JS.API.STREAM.CREATE.OTHER": nobody,
  "$JS.API.STREAM.UPDATE.DSPEX": ["setup"],
  "$JS.API.STREAM.PURGE.DSPEX": ["setup"],
  "$JS.API.STREAM.PURGE.OBJ_DSPEX_SNAPSHOT_ROUTER": nobody,
  "$JS.API.STREAM.PURGE.DSPEX_TIMER": nobody,
  "$JS.API.STREAM.DELETE.DSPEX": nobody,
  "$JS.API.STREAM.DELETE.DSPEX_TIMER": nobody,
  "$JS.API.STREAM.DELETE.OBJ_DSPEX_VALUE": nobody,
  "$JS.API.STREAM.MSG.DELETE.DSPEX": ["setup"],
  "$JS.API.STREAM.MSG.DELETE.OBJ_DSPEX_VALUE": ["setup"],
  "$JS.API.STREAM.MSG.DELETE.DSPEX_TIMER": nobody,
  "$JS.API.STREAM.MSG.DELETE.OBJ_DSPEX_ARTIFACT": nobody,
  "$JS.API.STREAM.SNAPSHOT.DSPEX": nobody,
  "$JS.API.STREAM.RESTORE.DSPEX": nobody,
  "$JS.API.STREAM.NAMES": ["setup"],
  "$JS.API.STREAM.LIST": ["setup"],
  "$JS.API.CONSUMER.CREATE.DSPEX": ["setup"],
  "$JS.API.CONSUMER.CREATE.DSPEX.mine": ["setup"],
  "$JS.API.CONSUMER.CREATE.DSPEX.mine.dspex.result.>": ["setup"],
  "$JS.API.CONSUMER.DURABLE.CREATE.DSPEX.mine": ["setup"],
  "$JS.API.CONSUMER.CREATE.OBJ_DSPEX_VALUE": nobody,
  "$JS.API.CONSUMER.DELETE.DSPEX.work-router-requests": ["setup"],
  "$JS.API.CONSUMER.PAUSE.DSPEX.work-router-requests": nobody,
  "$JS.API.CONSUMER.UNPIN.DSPEX.work-router-requests": nobody,
  "$JS.API.CONSUMER.LEADER.STEPDOWN.DSPEX.work-router-requests": nobody,
  "$JS.API.CONSUMER.NAMES.DSPEX": ["setup"],
  "$JS.API.CONSUMER.INFO.DSPEX.work-router-requests": ["setup"],
  "$JS.API.CONSUMER.LIST.DSPEX": ["setup"],
  "$JS.API.ACCOUNT.PURGE.DSPEX": nobody,
  "$JS.API.META.LEADER.STEPDOWN": nobody,
  "$JS.API.STREAM.LEADER.STEPDOWN.DSPEX": nobody,
  "$JS.API.STREAM.PEER.REMOVE.DSPEX": nobody,
  "$SYS.REQ.SERVER.PING": nobody,
  "$SYS.REQ.ACCOUNT.PING.CONNZ": nobody,
  // others' replies and inboxes
  "_INBOX_router.x.1": ["setup"],
  "_INBOX_gateway.x.1": ["setup", "router"],
  "_INBOX_learning.x.1": ["setup", "router"],
  "_INBOX_operator.x.1": ["setup"],
  "_INBOX.x.1": nobody,
  "_R_.x.y": ["setup", "gateway", ...FOLDS],
};
for (const role of SNAPSHOT_ROLES) {
  const bucket = `DSPEX_SNAPSHOT_${role.toUpperCase()}`;
  PUBLISH[`$O.${bucket}.C.n1`] = [role];
  PUBLISH[`$O.${bucket}.M.n1`] = [role];
  PUBLISH[`$JS.API.DIRECT.GET.OBJ_${bucket}`] = [role, "operator"];
}
for (const role of FOLLOWER_ROLES) PUBLISH[`dspex-setup.follow.${role}.1`] = [role];

const SUBSCRIBE: Record<string, Role[]> = {
  ">": nobody,
  "dspex.>": nobody,
  "dspex.request.>": nobody,
  "dspex.result.>": nobody,
  "dspex.work.general.any": nobody,
  "dspex-live.result.>": ["gateway"],
  "dspex-chunk.>": ["gateway"],
  "dspex-beat.*.*": ["router", "supervisor", "operator", "setup"],
  "dspex-control.general.0": ["pool-general"],
  "dspex-control.neural.*": ["pool-neural"],
  "dspex-tool.*.call.*": ["gateway"],
  "dspex-router.open": ["router"],
  "dspex-pool.*.modules": ["programs"],
  "dspex-timer.>": nobody,
  "dspex-schedule.>": nobody,
  "dspex-setup.follow.*.*": ["setup"],
  "dspex-setup.info": ["setup"],
  "dspex-setup.erase": ["setup"],
  "dspex-api.>": nobody,
  "dspex-api.*.call.*": ["gateway"],
  "dspex-api.*.observe": ["gateway"],
  "dspex-api.*.feedback.>": ["programs"],
  "dspex-api.*.program.>": ["programs"],
  "dspex-api.*.session.>": ["sessions"],
  "dspex-api.*.variable.>": ["variables"],
  "dspex-api.*.pipeline.>": ["pipelines"],
  "dspex-api.*.policy.>": ["learning"],
  "dspex-admin.>": nobody,
  "dspex-admin.*.program.>": ["programs"],
  "dspex-admin.*.policy.>": ["learning"],
  "dspex-admin.*.variable.>": ["variables"],
  "$SRV.>": ["gateway", ...FOLDS],
  "$JS.>": nobody,
  "$JS.API.>": nobody,
  "$JS.ACK.>": nobody,
  "$JS.EVENT.>": nobody,
  "$O.>": nobody,
  "$SYS.>": nobody,
  "_INBOX.>": nobody,
  "_R_.>": nobody,
  "_INBOX_router.>": ["router"],
  "_INBOX_setup.>": ["setup"],
  "_INBOX_pool-general.>": ["pool-general"],
  "_INBOX_operator.>": ["operator"],
};

const nats = await startNats();
after(() => nats[Symbol.asyncDispose]());

const without = (table: Record<string, Role[]>, role: Role): string[] =>
  Object.keys(table)
    .filter((subject) => !table[subject]?.includes(role))
    .sort();

describe("a role publishes where its row says and nowhere else", () => {
  for (const role of ROLES) {
    test(role, async () => {
      const refused = await refusedPublishes(await nats.connectAs(role), Object.keys(PUBLISH));
      assert.deepEqual([...refused].sort(), without(PUBLISH, role));
    });
  }
});

describe("a role subscribes where its row says and nowhere else", () => {
  for (const role of ROLES) {
    test(role, async () => {
      const refused = await refusedSubscriptions(await nats.connectAs(role), Object.keys(SUBSCRIBE));
      assert.deepEqual([...refused].sort(), without(SUBSCRIBE, role));
    });
  }
});
