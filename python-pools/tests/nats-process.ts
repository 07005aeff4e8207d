// The test server of `tests/kit`, for tests in another language: says on stdout where it is, then does what stdin
// says (`kill9`, `restart`), one line each, and ends when stdin does.

import { createInterface } from "node:readline";
import { startNats } from "../../tests/kit/start-nats.ts";

const users = process.argv.slice(2).map((name) => ({ name }));
await using nats = await startNats({ users });
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ url: nats.url, home: nats.home, credentials: nats.credentials });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "kill9") await nats.kill9();
  else if (line === "restart") await nats.restart();
  else throw new Error(`unknown command ${JSON.stringify(line)}`);
  say({ done: line });
}
