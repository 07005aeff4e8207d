// Which language models there are and how to reach them. Written by a user in `dspex.config.ts`, handed to every
// part that calls a model (TypeScript and Python) as JSON in DSPEX_MODELS. Never holds a key: only the name of the
// environment variable that does.

import { z } from "zod";

export const modelSchema = z.strictObject({
  /** `openai-compatible` (any server with that wire protocol) or an AI SDK provider package such as `@ai-sdk/anthropic`. */
  provider: z.string().default("openai-compatible"),
  /** The provider's name for the model. */
  model: z.string(),
  /** Up to and with `/v1` for OpenAI-compatible servers. */
  baseUrl: z.url().optional(),
  /** Environment variable that holds the key. */
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/)
    .optional(),
  /** DSPy's (LiteLLM) name where the pools should use another spelling, e.g. `anthropic/claude-…`. */
  dspyModel: z.string().optional(),
  capabilities: z
    .strictObject({
      /** Output constrained to a JSON schema. */
      responseSchema: z.boolean().default(false),
      tools: z.boolean().default(false),
      vision: z.boolean().default(false),
      logprobs: z.boolean().default(false),
    })
    .default({ responseSchema: false, tools: false, vision: false, logprobs: false }),
  contextTokens: z.number().int().positive().optional(),
  /**
   * Prompts that its server keeps computed, each in a slot that a call may name (`id_slot`; llama.cpp's `--parallel`):
   * a session's turns stay in one, other requests of a program in another. Absent = its server knows no such thing.
   */
  cacheSlots: z.number().int().positive().max(256).optional(),
  price: z
    .strictObject({
      inputPerMillionUsd: z.number().nonnegative(),
      outputPerMillionUsd: z.number().nonnegative(),
    })
    .optional(),
  timeoutMs: z.number().int().positive().default(60_000),
  maxTokens: z.number().int().positive().default(512),
});
export type Model = z.infer<typeof modelSchema>;

export const modelsSchema = z.strictObject({
  /** Name of the model that is used where none is asked for. */
  default: z.string(),
  models: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), modelSchema),
});
export type Models = z.infer<typeof modelsSchema>;
