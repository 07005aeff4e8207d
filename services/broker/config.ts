// The environment that the broker reads: where its binary is.

export interface BrokerEnvironment {
  /** Names the nats-server binary, before every other place. */
  natsServer: string | undefined;
  /** Folders of the PATH, the last place to look. */
  path: string;
}

export function brokerEnvironment(environment: NodeJS.ProcessEnv = process.env): BrokerEnvironment {
  return { natsServer: environment.DSPEX_NATS_SERVER || undefined, path: environment.PATH ?? "" };
}
