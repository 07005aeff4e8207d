// Pools announce the modules that they found among their users' own; each becomes a program with one implementation.

import type { Logger } from "pino";
import { z } from "zod";
import { parseJson } from "../../schemas/envelope/json.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { poolModulesSubject } from "../../schemas/subjects.ts";
import type { Msg, NatsConnection } from "../bus/connect.ts";
import { decideModule } from "./decide.ts";
import type { Registry } from "./registry.ts";

const announcementSchema = z.looseObject({
  modules: z.array(
    z.looseObject({
      name: z.string(),
      signature: z.union([z.string(), z.record(z.string(), z.unknown())]),
      description: z.string().optional(),
      model: z.string().optional(),
      temperature: z.number().optional(),
      maxTokens: z.number().int().optional(),
      timeoutMs: z.number().int().optional(),
      variables: z.record(z.string(), z.string()).optional(),
      validators: z.array(z.unknown()).optional(),
    }),
  ),
});

interface PoolModules {
  registry: Registry;
  /** A declaration as it is registered here. */
  define: (declaration: unknown) => ProgramDefinition;
  logger: Logger;
}

/** Returns once the server knows of it, and of what was subscribed before: whoever asks then is answered. */
export async function servePoolModules(
  connection: NatsConnection,
  modules: PoolModules,
): Promise<{ stop(): void }> {
  const subscription = connection.subscribe(poolModulesSubject("*"), {
    queue: "programs",
    callback: (error, message) => {
      if (error !== null) return;
      const pool = message.subject.split(".")[1] ?? "";
      registerAll(pool, message, modules)
        .then(
          (answers) => message.respond(JSON.stringify({ modules: answers })),
          (thrown) => message.respond(JSON.stringify(asDspexError(thrown).toWire())),
        )
        .catch(() => {
          // The connection is closed: the pool asks again.
        });
    },
  });
  await connection.flush();
  return { stop: () => subscription.unsubscribe() };
}

async function registerAll(
  pool: string,
  message: Msg,
  { registry, define, logger }: PoolModules,
): Promise<unknown[]> {
  const parsed = announcementSchema.safeParse(parseJson(message.data));
  if (!parsed.success)
    throw new DspexError("invalid_inputs", `modules of pool "${pool}": ${parsed.error.issues[0]?.message}`);
  const answers: unknown[] = [];
  for (const module of parsed.data.modules) {
    const { name, signature, description, model, temperature, maxTokens, timeoutMs, variables } = module;
    const { validators } = module;
    try {
      const definition = define({
        name,
        signature,
        ...(description !== undefined && { description }),
        ...(validators !== undefined && { validators }),
        implementations: [
          {
            name: "python",
            kind: "python",
            pool,
            entry: name,
            ...(model !== undefined && { model }),
            ...(temperature !== undefined && { temperature }),
            ...(maxTokens !== undefined && { maxTokens }),
            ...(timeoutMs !== undefined && { timeoutMs }),
            ...(variables !== undefined && { variables }),
          },
        ],
      });
      const created = await registry.execute(name, "registered", (state) =>
        decideModule(state, definition, `pool/${pool}`),
      );
      answers.push({ name, version: definition.version, created });
    } catch (thrown) {
      const error = asDspexError(thrown);
      logger.warn({ pool, module: name, error: error.message }, "module not registered");
      answers.push({ name, error: error.toWire() });
    }
  }
  return answers;
}
