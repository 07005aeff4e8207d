// Puts changed credentials into force in a running server, from any process of the same owner. The server is asked
// twice: an account that a reload brings answers "no responders" on its imports until the next one.

import { randomUUID } from "node:crypto";
import { connectBus, type NatsConnection, roleInboxPrefix } from "../bus/connect.ts";
import { type ApplicationUser, readCredentials } from "./credentials.ts";
import { BrokerError } from "./errors.ts";
import { runningServer, type ServerRecord, writeConfig } from "./home-files.ts";
import { PROBE_SUBJECT } from "./permissions.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const PROBES = 5;

/** @throws BrokerError `not-running`, `reload-failed` (quoting the server). */
export async function reloadServer(home: string): Promise<void> {
  const server = runningServer(home);
  if (server === undefined) {
    throw new BrokerError("not-running", `no server runs from ${JSON.stringify(home)}`);
  }
  const credentials = readCredentials(home);
  writeConfig(home, server.settings, credentials);
  const { user, password } = credentials.system;
  const system = await connectBus({ url: server.url, user, password, name: "dspex-reload", failFast: true });
  try {
    await askToReload(system);
    await askToReload(system);
  } finally {
    await system.close();
  }
}

async function askToReload(system: NatsConnection): Promise<void> {
  const id = system.info?.server_id ?? "";
  const answer = await system.request(`$SYS.REQ.SERVER.${id}.RELOAD`, "", { timeout: REQUEST_TIMEOUT_MS });
  const { error } = answer.json() as { error?: { description?: string } };
  if (error !== undefined) {
    throw new BrokerError("reload-failed", `the server refused its new configuration: ${error.description}`);
  }
}

/** Returns once a request of this user gets through its account's imports; reloads again as long as none does. */
export async function probeUser(home: string, server: ServerRecord, user: ApplicationUser): Promise<void> {
  const { setup } = readCredentials(home).parts;
  const url = server.url;
  const responder = await connectBus({
    url,
    user: setup.user,
    password: setup.password,
    name: "dspex-probe",
    inboxPrefix: roleInboxPrefix("setup"),
    failFast: true,
  });
  try {
    const subject = `${PROBE_SUBJECT}.${randomUUID()}`;
    responder.subscribe(subject, {
      callback: (_error, message) => {
        message.respond();
      },
    });
    await responder.flush();
    const asker = await connectBus({
      url,
      user: user.name,
      password: user.password,
      name: "dspex-probe",
      failFast: true,
    });
    try {
      for (let probe = 1; ; probe++) {
        try {
          await asker.request(subject, "", { timeout: 1_000 });
          return;
        } catch (cause) {
          if (probe === PROBES) {
            throw new BrokerError(
              "reload-failed",
              `the imports of user ${JSON.stringify(user.name)} do not answer after ${PROBES} reloads`,
              cause,
            );
          }
          await reloadServer(home);
        }
      }
    } finally {
      await asker.close();
    }
  } finally {
    await responder.close();
  }
}
