// `search-text`: the texts of a small set that a query's words are in, best first, by BM25. The twin in Python
// (python-modules/search_text.py) computes the same and is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { Bm25Index } from "../modules/text/mod.ts";

export const searchTextProgram = defineProgram(
  "search-text",
  `query: str(max_length=10000), documents: list[str](max_length=10000), k: int(ge=1, le=1000) = 10
   -> hits: list[{index: int "of the document", score: float}]`,
  {
    description: "Finds the documents that a query's words are in, best first (BM25).",
    implementations: [
      native("native", ({ query, documents, k }) => ({
        hits: new Bm25Index(documents).search(query, Number(k)).map(({ index, score }) => ({ index, score })),
      })),
      python("python", { pool: "general", entry: "search-text", lastResort: true }),
    ],
  },
);
