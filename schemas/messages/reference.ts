// A large value that lies elsewhere.

import { z } from "zod";

/** `{"$ref": …}`: a large value that lies in the object bucket under its owner's prefix (claim check). */
export const referenceSchema = z.strictObject({
  $ref: z.strictObject({
    bucket: z.string(),
    key: z.string(),
    sizeBytes: z.number().int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    contentType: z.string(),
  }),
});
export type Reference = z.infer<typeof referenceSchema>;
