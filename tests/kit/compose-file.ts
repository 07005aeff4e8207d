// docker-compose.yml as data, checked against those rules of the Compose Specification that concern what it uses: an
// unknown key, a wrong type or a misspelt condition is an error. Python reads the YAML: no package of ours for Node does.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "./doc-blocks.ts";

const READER = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";

const name = z.string().regex(/^[a-zA-Z0-9._-]+$/);
const duration = z.string().regex(/^(\d+(us|ms|s|m|h))+$/);
const environment = z.record(z.string(), z.string());

const serviceSchema = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  init: z.boolean().optional(),
  profiles: z.array(name).optional(),
  restart: z.enum(["no", "always", "on-failure", "unless-stopped"]).optional(),
  stop_grace_period: duration.optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  environment: environment.optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string().regex(/^(\d+\.\d+\.\d+\.\d+:)?\d+:\d+$/)).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]+(:ro)?$/)).optional(),
  depends_on: z
    .record(
      name,
      z.strictObject({
        condition: z.enum(["service_started", "service_healthy", "service_completed_successfully"]),
      }),
    )
    .optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.enum(["CMD", "CMD-SHELL"])], z.string()),
      interval: duration,
      timeout: duration,
      retries: z.int().positive(),
      start_period: duration,
      start_interval: duration,
    })
    .optional(),
});
export type ComposeService = z.infer<typeof serviceSchema>;

const composeSchema = z
  .strictObject({
    name,
    services: z.record(name, serviceSchema),
    volumes: z.record(name, z.null()),
  })
  .loose()
  .refine(
    (file) => Object.keys(file).every((key) => /^(name|services|volumes|x-.+)$/.test(key)),
    "unknown key",
  );

/** @throws ZodError that names each place. */
export function readCompose(): z.infer<typeof composeSchema> {
  const input = readFileSync(join(ROOT, "docker-compose.yml"));
  const json = execFileSync(join(ROOT, ".venv/bin/python"), ["-c", READER], { input, encoding: "utf8" });
  return composeSchema.parse(JSON.parse(json));
}
