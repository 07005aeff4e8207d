// What the API of pipelines checks and refuses, who sees what, and which trace a run belongs to.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import { apiSubject, requestSubject } from "../../schemas/subjects.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import type { Dspex } from "../../services/client/mod.ts";
import config from "../kit/functions.config.ts";
import { echo, from, pipeline } from "../kit/pipeline-declarations.ts";
import { readLog } from "../kit/read-log.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

let system: TestSystem;
let client: Dspex;
let guest: Dspex;

before(async () => {
  const { declarations: programs, functions } = config;
  system = await startSystem({ programs, functions, pipelines: true, users: [{ name: "guest" }] });
  client = await system.client();
  guest = await system.client("guest");
});
after(() => system[Symbol.asyncDispose]());

const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isDspexError(error), String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test("definitions - all that is wrong is told at once, naming the stages", async () => {
  const wrong = pipeline(
    [
      echo("a", from("b.echo")),
      echo("b", from("a.echo")),
      { name: "c", kind: "call", program: "nothing", inputs: {} },
      echo("inputs", "x"),
      echo("d", from("nobody.text")),
    ],
    from("a.echo"),
  );
  const { problems } = await client.pipelines.validate(wrong);
  const said = problems.map(({ stage, message }) => `${stage}: ${message}`).join("\n");
  assert.match(said, /a: a cycle: a needs b needs a/);
  assert.match(said, /inputs: "inputs" is a reserved name/);
  assert.match(said, /d: "nobody.text": no stage "nobody"/);
  assert.match(said, /c: nothing refers to stage "c"/);
  await assert.rejects(
    client.pipelines.register(wrong),
    refused("invalid_inputs", /stage "a": |stage "inputs": |stage "d": /),
  );
  const types = pipeline(
    [{ name: "n", kind: "call", program: "add", inputs: { a: from("inputs.text"), c: 1 } }],
    from("n.sum"),
  );
  const typed = (await client.pipelines.validate(types)).problems.map(({ message }) => message).join("\n");
  assert.match(typed, /expected int, got str \(inputs.text\)/);
  assert.match(typed, /no input "c": there are a, b/);
});

test("shared - by administrators, for everybody; a user's own goes before it", async () => {
  const named = (text: string) => ({ ...pipeline([echo("say", text)], from("say.echo")), name: "greet" });
  await client.pipelines.register(named("shared"), { shared: true });
  assert.equal(
    await guest.pipelines
      .runnable("greet")
      .call({})
      .then((all) => (all as { out: string }).out),
    "shared",
  );
  await guest.pipelines.register(named("own"));
  assert.equal(
    await guest.pipelines
      .runnable("greet")
      .call({})
      .then((all) => (all as { out: string }).out),
    "own",
  );
  await guest.pipelines.remove("greet");
  assert.equal((await guest.pipelines.describe("greet")).owner, "shared");
});

test("one name - for a pipeline and for a run of it are two things", async () => {
  const twin = (text: string) => ({ ...pipeline([echo("say", text)], from("say.echo")), name: "twin" });
  await client.pipelines.register(twin("first"));
  const run = await client.pipelines.runnable("twin").run({} as never, { run: "twin" });
  await client.pipelines.register(twin("second"));
  assert.deepEqual((await run.result()).outputs, { out: "first" });
  await client.pipelines.remove("twin");
  assert.equal((await run.progress()).status, "succeeded");
  await client.pipelines.register(twin("second"));
  // What was removed begins anew.
  assert.equal((await client.pipelines.describe("twin")).versions.length, 1);
});

test("trace - all requests of a run, and of its children, carry the trace that it was started with", async () => {
  await client.pipelines.register({ ...pipeline([echo("say", "x")], from("say.echo")), name: "traced" });
  const child = { name: "sub", kind: "pipeline", pipeline: "traced", inputs: {} };
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const headers = createHeaders();
  headers.set("traceparent", `00-${trace}-b7ad6b7169203331-01`);
  const body = {
    definition: pipeline([echo("first", "y"), child], [from("first.echo"), from("sub.out")]),
    inputs: {},
  };
  const subject = apiSubject("local", "pipeline.run");
  const answer = await client.connection.request(subject, JSON.stringify(body), { headers, timeout: 20_000 });
  const { run } = answer.json() as { run: string };
  await client.pipelines.get(run).result();
  const requests = (await readLog(system.nats)).filter(
    ({ subject: of, data }) => of === requestSubject("local", "echo") && Buffer.from(data).includes(trace),
  );
  assert.equal(requests.length, 2);
});

test("anything - that is no command is refused with a typed error, and the service goes on", async () => {
  const bodies = [
    "",
    "{",
    "[]",
    "7",
    '{"definition":null}',
    '{"run":7}',
    `{"run":"${"x".repeat(100)}"}`,
    "[".repeat(5_000),
  ];
  const verbs = [
    "register",
    "validate",
    "remove",
    "describe",
    "run",
    "get",
    "runs",
    "signal",
    "cancel",
    "rerun",
    "analysis",
    "events",
    "result.a.b",
    "result.*",
  ];
  for (const verb of verbs) {
    for (const body of bodies) {
      const subject =
        verb === "result.*"
          ? apiSubject("local", "pipeline.result.nobody")
          : apiSubject("local", `pipeline.${verb}`);
      const answer = await client.connection
        .request(subject, body, { timeout: 20_000 })
        .catch((error: Error) => error);
      if (answer instanceof Error) {
        assert.equal(verb, "result.a.b", `${verb} ${body}: ${answer.message}`);
        continue;
      }
      const code = answer.headers?.get("Nats-Service-Error-Code");
      if (code)
        assert.notEqual(
          (answer.json() as { code: string }).code,
          "internal",
          `${verb} ${body.slice(0, 50)}: ${answer.string()}`,
        );
    }
  }
  assert.ok((await client.pipelines.list()).length > 0);
});
