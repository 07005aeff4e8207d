// The words of the API (`dspex-api.<user>.<word>…`) with how they are answered. The server forgets a pending
// answer when the one answer has passed, or, for answers in pieces, only after a pause as long as the export's
// response threshold: so what answers once may wait for hours, and what answers in pieces must be bounded.

export interface ApiWordRow {
  /** `once` = exactly one message answers; `pieces` = several may, at least one each `responseThreshold`. */
  answers: "once" | "pieces";
  /** An answer after this is lost. */
  responseThreshold: string;
  /** Subjects after `dspex-api.<user>.`. */
  subjects: readonly string[];
  /** Also served on `dspex-admin.<user>.`, which only accounts with that import reach. */
  admin?: boolean;
}

/** Above the longest deadline (an hour), so that a call that waits for its result gets it. */
const LONGEST_WAIT = "2h";
/** Keep-alives come each 15 s; entries of readers that went away live no longer than this. */
const PIECES_PAUSE = "2m";
/** Words of the services: mostly one quick answer, sometimes a list in pieces; whoever waits longer sends keep-alives. */
const SERVICE_PAUSE = "10m";

export const API_WORDS = {
  call: { answers: "once", responseThreshold: LONGEST_WAIT, subjects: ["call.*"] },
  submit: { answers: "once", responseThreshold: LONGEST_WAIT, subjects: ["submit.*"] },
  result: { answers: "once", responseThreshold: LONGEST_WAIT, subjects: ["result.>"] },
  cancel: { answers: "once", responseThreshold: LONGEST_WAIT, subjects: ["cancel.>"] },
  feedback: { answers: "once", responseThreshold: LONGEST_WAIT, subjects: ["feedback.>"] },
  "object.put": {
    answers: "once",
    responseThreshold: LONGEST_WAIT,
    subjects: ["object.put", "object.put.>"],
  },
  "object.get": { answers: "pieces", responseThreshold: PIECES_PAUSE, subjects: ["object.get"] },
  chunks: { answers: "pieces", responseThreshold: PIECES_PAUSE, subjects: ["chunks.>"] },
  log: { answers: "pieces", responseThreshold: PIECES_PAUSE, subjects: ["log.>"] },
  observe: { answers: "pieces", responseThreshold: PIECES_PAUSE, subjects: ["observe"] },
  program: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["program.>"], admin: true },
  variable: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["variable.>"], admin: true },
  policy: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["policy.>"], admin: true },
  explain: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["explain.>"] },
  session: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["session.>"] },
  pipeline: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["pipeline.>"], admin: true },
  telemetry: { answers: "pieces", responseThreshold: SERVICE_PAUSE, subjects: ["telemetry.>"] },
} as const satisfies Record<string, ApiWordRow>;
export type ApiWord = keyof typeof API_WORDS;

/** Type-widened so that `admin` can be asked for on every row. */
export function apiWord(word: ApiWord): ApiWordRow {
  return API_WORDS[word];
}
