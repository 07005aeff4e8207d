// `chunk-text`: a text in chunks of a bounded number of tokens. The twin in Python (python-modules/chunk_text) computes the
// same and is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { chunkText, codePointPlaces, tokenizerFor } from "../modules/text/mod.ts";

export const chunkTextProgram = defineProgram(
  "chunk-text",
  `text: str(max_length=1000000),
   by: Literal["sentences", "paragraphs", "tokens"] = "sentences" "along what it is cut",
   size: int(ge=1, le=100000) = 256 "most tokens of a chunk",
   overlap: int(ge=0) = 0 "most tokens that a chunk repeats of the one before",
   encoding: Literal["o200k_base", "cl100k_base"] = "o200k_base"
   -> chunks: list[{text: str, start: int "in code points", end: int, tokens: int}]`,
  {
    description: "Cuts a text into chunks along sentences, paragraphs or tokens.",
    implementations: [
      native("native", ({ text, by, size, overlap, encoding }) => {
        const place = codePointPlaces(text);
        const chunks = chunkText(text, tokenizerFor(encoding), {
          by,
          size: Number(size),
          overlap: Number(overlap),
        });
        return {
          chunks: chunks.map((chunk) => ({ ...chunk, start: place(chunk.start), end: place(chunk.end) })),
        };
      }),
      python("python", { pool: "general", entry: "chunk-text", lastResort: true }),
    ],
  },
);
