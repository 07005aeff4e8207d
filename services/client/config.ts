// Where an application's connection settings come from: what it passes, else the environment, else the home folder of
// a system that runs on this machine.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { token } from "../../schemas/subjects.ts";

export interface ClientCredentials {
  url: string;
  /** The user token: account and first token of every id. */
  user: string;
  password: string | undefined;
}

export interface CredentialOptions {
  url?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  /** Home folder, `.dspex` in this or a parent folder by default. */
  home?: string | undefined;
}

const credentialsSchema = z.looseObject({
  users: z.array(z.looseObject({ name: z.string(), password: z.string() })),
});
const runningSchema = z.looseObject({ natsUrl: z.string() });

const DEFAULT_URL = "nats://127.0.0.1:4222";
const DEFAULT_USER = "local";

/** @throws DspexError `not_allowed` when no password is to be found. */
export function findCredentials(
  options: CredentialOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): ClientCredentials {
  const home = options.home ?? env.DSPEX_HOME ?? findHome(process.cwd());
  const user = token(options.user ?? env.NATS_USER ?? DEFAULT_USER, "user");
  const url = options.url ?? env.NATS_URL ?? urlOf(home) ?? DEFAULT_URL;
  const password = options.password ?? env.NATS_PASSWORD ?? passwordOf(home, user);
  if (password === undefined) {
    throw new DspexError(
      "not_allowed",
      `no password for user "${user}": set NATS_USER and NATS_PASSWORD, or start the system here with \`npm start\``,
    );
  }
  return { url, user, password };
}

function findHome(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".dspex"))) return join(folder, ".dspex");
    if (dirname(folder) === folder) return undefined;
  }
}

function passwordOf(home: string | undefined, user: string): string | undefined {
  const credentials = read(home, "credentials.json", credentialsSchema);
  return credentials?.users.find((u) => u.name === user)?.password;
}

function urlOf(home: string | undefined): string | undefined {
  return read(home, "up.json", runningSchema)?.natsUrl;
}

function read<T>(home: string | undefined, file: string, schema: z.ZodType<T>): T | undefined {
  if (home === undefined || !existsSync(join(home, file))) return undefined;
  const parsed = schema.safeParse(JSON.parse(readFileSync(join(home, file), "utf8")));
  return parsed.success ? parsed.data : undefined;
}
