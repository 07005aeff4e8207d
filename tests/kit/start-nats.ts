// The real nats-server with the generated configuration, in a fresh home on free ports, for tests. `kill9` and
// `restart` keep the home and the port, so that clients meet the same server again.
//
//   await using nats = await startNats();
//   const router = await nats.connectAs("router");

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  addUser,
  type Credentials,
  type EmbeddedServer,
  inboxPrefixOf,
  isRole,
  type Login,
  type Role,
  readCredentials,
  removeUser,
  startEmbeddedServer,
} from "../../services/broker/mod.ts";
import { connectBus, type NatsConnection } from "../../services/bus/connect.ts";
import { Keeper, type KeeperOptions } from "../../services/keeper/mod.ts";

export interface StartNatsOptions {
  /** Streams and consumers, and followers on request; `false` = a bare server. Its settings, if any. */
  keeper?: boolean | KeeperOptions;
  syncInterval?: string;
  /** Application users besides `local`. */
  users?: readonly { name: string; admin?: boolean }[];
}

export interface TestNats extends AsyncDisposable {
  readonly url: string;
  readonly monitorUrl: string;
  readonly home: string;
  readonly credentials: Credentials;
  /** Undefined with `keeper: false`. */
  readonly keeper: Keeper | undefined;
  login(who: string): Login;
  /** A connection of a role, with its inbox prefix, or of an application user; closed at the end. */
  connectAs(who: Role | (string & {})): Promise<NatsConnection>;
  addUser(name: string, options?: { admin?: boolean }): Promise<void>;
  removeUser(name: string): Promise<void>;
  /** Ends the server like a power switch would end its process. */
  kill9(): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again on the same home and port. */
  restart(): Promise<void>;
}

export async function startNats(options: StartNatsOptions = {}): Promise<TestNats> {
  const nats = new RunningTestNats(mkdtempSync(join(tmpdir(), "dspex-nats-")), options);
  try {
    await nats.start();
  } catch (error) {
    await nats[Symbol.asyncDispose]();
    throw error;
  }
  return nats;
}

/** Of a request that names none. The library's own second is little where other tests load the machine. */
const REQUEST_MS = 20_000;

class RunningTestNats implements TestNats {
  readonly home: string;
  readonly #options: StartNatsOptions;
  readonly #connections: NatsConnection[] = [];
  #server: EmbeddedServer | undefined;
  #keeper: Keeper | undefined;
  #port = 0;
  #monitorPort = 0;

  constructor(home: string, options: StartNatsOptions) {
    this.home = home;
    this.#options = options;
  }

  get url(): string {
    return this.#running.url;
  }
  get monitorUrl(): string {
    return this.#running.monitorUrl;
  }
  get credentials(): Credentials {
    return readCredentials(this.home);
  }
  get keeper(): Keeper | undefined {
    return this.#keeper;
  }
  get #running(): EmbeddedServer {
    if (this.#server === undefined) throw new Error("the test's nats-server is not running");
    return this.#server;
  }

  async start(): Promise<void> {
    const { users = [], keeper = true } = this.#options;
    await this.restart();
    for (const { name, admin } of users) await this.addUser(name, { admin: admin === true });
    if (keeper === false) return;
    const connection = await this.connectAs("setup");
    this.#keeper = await Keeper.start({ connection, ...(keeper !== true && { options: keeper }) });
  }

  login(who: string): Login {
    const { parts, users } = this.credentials;
    if (isRole(who)) return parts[who];
    const user = users.find(({ name }) => name === who);
    if (user === undefined) throw new Error(`there is no role or user ${JSON.stringify(who)}`);
    return { user: user.name, password: user.password };
  }

  async connectAs(who: string): Promise<NatsConnection> {
    const { user, password } = this.login(who);
    const connection = await connectBus({
      url: this.url,
      user,
      password,
      name: `test-${who}`,
      failFast: true,
      ...(isRole(who) && { inboxPrefix: inboxPrefixOf(who) }),
    });
    this.#connections.push(connection);
    return patient(connection);
  }

  async addUser(name: string, options: { admin?: boolean } = {}): Promise<void> {
    await addUser(this.home, name, options);
  }

  removeUser(name: string): Promise<void> {
    return removeUser(this.home, name);
  }

  async kill9(): Promise<void> {
    const server = this.#running;
    process.kill(server.pid, "SIGKILL");
    await server.exited;
    await this.stop();
  }

  async stop(): Promise<void> {
    await this.#running.stop();
    this.#server = undefined;
  }

  async restart(): Promise<void> {
    if (this.#server !== undefined) await this.stop();
    const { syncInterval } = this.#options;
    this.#server = await startEmbeddedServer({
      home: this.home,
      port: this.#port,
      monitorPort: this.#monitorPort,
      ...(syncInterval !== undefined && { syncInterval }),
    });
    this.#port = Number(new URL(this.#server.url).port);
    this.#monitorPort = Number(new URL(this.#server.monitorUrl).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper?.stop();
    await Promise.allSettled(this.#connections.map((connection) => connection.close()));
    await this.#server?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function patient(connection: NatsConnection): NatsConnection {
  const request = connection.request.bind(connection);
  connection.request = (subject, payload, options = { timeout: REQUEST_MS }) =>
    request(subject, payload, options);
  return connection;
}
