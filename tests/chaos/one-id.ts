// One id, five times at once in every way that there is, and again after each part was killed: one run, one result. And
// what another user tries with it.

import assert from "node:assert/strict";
import type { Result } from "../../schemas/messages/result.ts";
import { apiSubject, requestSubject } from "../../schemas/subjects.ts";
import { createHeaders, type NatsConnection } from "../../services/bus/connect.ts";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { checkLog } from "../kit/check-log.ts";
import { readLog } from "../kit/read-log.ts";
import { type ProcessSystem, startProcesses } from "../kit/start-processes.ts";
import { until } from "../kit/until.ts";

const PROGRAMS = ["tally", "tally_thread", "tally_python"];

export async function oneId({ say }: { say: (text: string) => void }): Promise<void> {
  await using system = await startProcesses({ routers: 2, poolProcesses: 1, users: [{ name: "other" }] });
  await using client = await clientOf(system, "local");
  await using other = await clientOf(system, "other");

  await Promise.all(PROGRAMS.map((program) => fiveAtOnce(system, program)));
  const again = async () => {
    for (const program of PROGRAMS) {
      assert.deepEqual(await client.program(program)({ key: program }, { id: program }), { seen: program });
    }
  };
  await again();
  for (const instance of [1, 2]) {
    await system.part(`router/${instance}`).kill9();
    await system.startPart("router", instance);
    await again();
  }
  for (const pid of system.poolPids()) process.kill(pid, "SIGKILL");
  await system.nats.kill9();
  await system.nats.restart();
  await again();

  await otherBody(client);
  await otherUser(client, other);

  const runs = system.runs();
  for (const key of [...PROGRAMS, "mine"]) {
    assert.equal(runs.filter((run) => run.key === key).length, 1, `${key} ran more than once`);
  }
  const report = checkLog(await readLog(system.nats));
  assert.deepEqual(report.problems, []);
  assert.equal(report.counts.conflicted, 2 * PROGRAMS.length);
  say(`${report.counts.requests} requests with ${report.counts.ids} ids, ${report.counts.results} results`);
}

/** All from connections of their own. */
async function fiveAtOnce(system: ProcessSystem, program: string): Promise<void> {
  const body = JSON.stringify({ key: program });
  const asResult = async (connection: NatsConnection) => {
    const subject = apiSubject("local", `result.local.x.${program}`);
    const headers = createHeaders();
    headers.set("Dspex-Wait-Ms", "10000");
    let result: Result | undefined;
    await until(async () => {
      const answer = await connection.request(subject, "", { headers, timeout: 12_000 });
      if (answer.headers?.has("Nats-Service-Error")) return false; // its request is not stored yet
      result = answer.json<Result>();
      return result.status !== undefined;
    });
    return result?.outputs;
  };
  const ways: ((connection: NatsConnection) => Promise<unknown>)[] = [
    async (connection) => {
      await connection.request(requestSubject("local", program), body, {
        headers: withId(program),
        timeout: 5_000,
      });
      return asResult(connection);
    },
    async (connection) => {
      const subject = apiSubject("local", `submit.${program}`);
      await connection.request(subject, body, { headers: withId(program), timeout: 5_000 });
      return asResult(connection);
    },
    async (connection) => {
      const subject = apiSubject("local", `call.${program}`);
      const answer = await connection.request(subject, body, { headers: withId(program), timeout: 10_000 });
      return answer.json();
    },
  ];
  const byLibrary = async () => {
    await using client = await clientOf(system, "local");
    return await client.program(program)({ key: program }, { id: program });
  };
  const answers = await Promise.all([
    ...ways.map(async (way) => way(await system.nats.connectAs("local"))),
    byLibrary(),
    byLibrary(),
  ]);
  assert.deepEqual(
    answers,
    answers.map(() => ({ seen: program })),
  );
}

/** The same id for something else is a conflict, by the library and by the API. */
async function otherBody(client: Dspex): Promise<void> {
  for (const program of PROGRAMS) {
    await assert.rejects(client.program(program)({ key: "something else" }, { id: program }), {
      code: "id_conflict",
    });
    const subject = apiSubject("local", `call.${program}`);
    const body = JSON.stringify({ key: "something else again" });
    const answer = await client.connection.request(subject, body, {
      headers: withId(program),
      timeout: 10_000,
    });
    assert.equal(answer.json<{ code: string }>().code, "id_conflict");
  }
}

/** Another user can neither read a result, nor take an id away, nor answer in somebody's place. */
async function otherUser(client: Dspex, other: Dspex): Promise<void> {
  const { connection } = other;
  const heard: string[] = [];
  for (const subject of ["dspex-live.result.local.>", "dspex.result.local.>", "dspex.request.local.>"]) {
    connection.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
  }
  await assert.rejects(other.result("local.x.tally"), { code: "invalid_inputs" });
  const stolen = await connection.request(apiSubject("other", "result.local.x.tally"), "", {
    timeout: 5_000,
  });
  assert.equal(stolen.json<{ code: string }>().code, "not_found");
  await assert.rejects(
    connection.request("$JS.API.DIRECT.GET.DSPEX.dspex.result.local.x.tally", "", { timeout: 2_000 }),
  );

  // Before its owner uses it: by an id of one's own choosing, by a body, by a result.
  const forged = { specversion: "1.0", id: "r", source: "s", type: "dspex.result.stored.v1" };
  await assert.rejects(
    connection.request("dspex.result.local.x.mine", JSON.stringify(forged), { timeout: 2_000 }),
  );
  await assert.rejects(
    connection.request(requestSubject("local", "tally"), "{}", { headers: withId("mine"), timeout: 2_000 }),
  );
  const claimed = await connection.request(requestSubject("other", "tally"), '{"key":"claimed"}', {
    headers: withId("local.x.mine"),
    timeout: 5_000,
  });
  const { seq } = claimed.json<{ seq: number }>();
  await until(() =>
    other.result(`other.log.${seq}`).then(
      ({ error }) => error?.code === "not_allowed",
      () => false,
    ),
  );
  assert.deepEqual(await client.program("tally")({ key: "mine" }, { id: "mine" }), { seen: "mine" });
  await connection.flush();
  // Its own two, which stay in its account.
  assert.deepEqual(heard, ["dspex.result.local.x.mine", "dspex.request.local.tally"]);
}

function withId(id: string) {
  const headers = createHeaders();
  headers.set("Dspex-Id", id);
  return headers;
}

function clientOf({ nats }: ProcessSystem, who: string): Promise<Dspex> {
  const { user, password } = nats.login(who);
  return connect({ url: nats.url, user, password, failFast: true });
}
