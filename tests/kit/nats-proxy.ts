// A network between clients and the server that loses what a test wants it to lose. Understands so much of the protocol
// that it can leave out single messages; everything else passes as it came.
//
//   client ──▶ proxy (drops what `loseSent` says) ──▶ server ──▶ proxy (drops what `loseReceived` says) ──▶ client

import { once } from "node:events";
import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";

/** True for a message that never arrives. */
export type Lose = (subject: string) => boolean;

const LINE_END = Buffer.from("\r\n");
const NOTHING_IS_LOST: Lose = () => false;

export class NatsProxy implements AsyncDisposable {
  /** What to lose from now on of what clients publish, and of what they are sent. */
  loseSent: Lose = NOTHING_IS_LOST;
  loseReceived: Lose = NOTHING_IS_LOST;
  /** Messages lost so far. */
  lost = 0;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((client) => this.#join(client));
  }

  static async start(target: string): Promise<NatsProxy> {
    const proxy = new NatsProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `nats://127.0.0.1:${address.port}`;
  }

  /** Loses nothing more. */
  heal(): void {
    this.loseSent = this.loseReceived = NOTHING_IS_LOST;
  }

  /** Ends every connection; clients come back by themselves. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket): void {
    const server = tcpConnect(Number(this.#target.port), this.#target.hostname);
    const part = () => {
      client.destroy();
      server.destroy();
      this.#sockets.delete(client);
    };
    this.#sockets.add(client);
    for (const socket of [client, server]) socket.on("error", part).on("close", part);
    this.#pass(client, server, (subject) => this.loseSent(subject));
    this.#pass(server, client, (subject) => this.loseReceived(subject));
  }

  #pass(from: Socket, to: Socket, lose: Lose): void {
    const sieve = new Sieve((subject) => {
      const isLost = lose(subject);
      if (isLost) this.lost++;
      return isLost;
    });
    from.on("data", (data) => {
      for (const piece of sieve.sift(data)) to.write(piece);
    });
  }
}

const MESSAGES: ReadonlySet<string> = new Set(["MSG", "HMSG", "PUB", "HPUB"]);

/** Cuts a stream into protocol messages and leaves some out. */
class Sieve {
  readonly #isLost: Lose;
  #rest: Buffer = Buffer.alloc(0);

  constructor(isLost: Lose) {
    this.#isLost = isLost;
  }

  sift(data: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const passed: Buffer[] = [];
    for (;;) {
      const end = this.#rest.indexOf(LINE_END);
      if (end < 0) return passed;
      const words = this.#rest.subarray(0, end).toString().split(" ");
      // MSG <subject> <sid> [reply] <size>, PUB <subject> [reply] <size>; with H two sizes, the last one that of all.
      const isMessage = MESSAGES.has(words[0] ?? "");
      const length = end + 2 + (isMessage ? Number(words.at(-1)) + 2 : 0);
      if (this.#rest.length < length) return passed;
      const isLost = isMessage && this.#isLost(words[1] ?? "");
      if (!isLost) passed.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}
