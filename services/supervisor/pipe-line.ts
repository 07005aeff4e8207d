// What a pool process tells over its pipe. It runs users' code, which may write there, too: what does not fit is nothing.

import { z } from "zod";

const pipeLineSchema = z.object({
  warm: z.literal(true).optional(),
  ready: z.literal(true).optional(),
  modules: z.array(z.string()).optional(),
  held: z.string().optional(),
  sequence: z.number().int().nonnegative().optional(),
  released: z.string().optional(),
  recycle: z.string().optional(),
});
export type PipeLine = z.infer<typeof pipeLineSchema>;

/** Undefined for what is none, as the torn last line of a process that was killed while it wrote. */
export function readPipeLine(text: string): PipeLine | undefined {
  try {
    return pipeLineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
