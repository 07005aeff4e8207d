// The assistant: finds texts, summarises them side by side, answers from the summaries, checks the answer and writes it
// again where it says what the texts do not.
// Run it: `npx dspex pipeline run examples/research-assistant/pipeline.ts question="Why are there tides?"`.

import { pipeline, program, signature } from "dspex";
import {
  CHECK_SIGNATURE,
  COMPOSE_SIGNATURE,
  LIBRARY_SIGNATURE,
  READ_SIGNATURE,
  REFINE_SIGNATURE,
} from "./signatures.ts";

// #region programs
const library = program("library", signature(LIBRARY_SIGNATURE));
const search = program(
  "search-text",
  signature("query: str, documents: list[str], k: int = 10 -> hits: list[{index: int, score: float}]"),
);
const read = program("read-text", signature(READ_SIGNATURE));
const summarize = program("summarize", signature("text: str -> summary: str"));
const compose = program("compose-answer", signature(COMPOSE_SIGNATURE));
const check = program("check-support", signature(CHECK_SIGNATURE));
const refine = program("refine-answer", signature(REFINE_SIGNATURE));
// #endregion

// #region pipeline
export const research = pipeline(
  "research",
  signature(
    "question: str(min_length=1), sources: int = 3 -> answer: str, titles: list[str], support: float",
  ),
  (p) => {
    const { question, sources } = p.inputs;
    const { texts } = p.call("library", library, { name: "encyclopedia" });
    const { hits } = p.call("retrieve", search, { query: question, documents: texts, k: sources });

    const notes = p.map("notes", hits, (hit, q) => {
      const { title, text } = q.call("read", read, { index: hit.index });
      const { summary } = q.call("summarise", summarize, { text }, { retry: { times: 1, delayMs: 500 } });
      return { title, summary };
    });

    const draft = p.call("draft", compose, { question, notes: notes.summary }, { stream: true });
    const checked = p.call("check", check, { question, answer: draft.answer, notes: notes.summary });
    const answer = p.when(
      "answer",
      checked.supported,
      () => ({ text: draft.answer, support: checked.score }),
      (q) => {
        const better = q.call(
          "refine",
          refine,
          { question, draft: draft.answer, notes: notes.summary, missing: checked.missing },
          { stream: true },
        );
        const again = q.call("recheck", check, { question, answer: better.answer, notes: notes.summary });
        return { text: better.answer, support: again.score };
      },
    );
    return { answer: answer.text, titles: notes.title, support: answer.support };
  },
  { description: "Answers a question from a small library." },
);
// #endregion
