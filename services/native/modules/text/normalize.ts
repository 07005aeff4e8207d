// One way to write a text: what is the same to a reader becomes the same to a computer. Each step can be left out.

import { caseFold, splitSpaces } from "./characters.ts";

export interface NormalizeOptions {
  /** Unicode form, before everything else; default NFKC: full-width, ligatures and superscripts become plain. */
  form?: "NFC" | "NFD" | "NFKC" | "NFKD" | "none";
  /** Fold case, default: more than lower case, `ß` becomes `ss`. */
  foldCase?: boolean;
  /** Take off accents and other marks: `é` becomes `e`. Default: no. */
  removeMarks?: boolean;
  /** Everything that is neither letter, mark nor number becomes a space. Default: no. */
  removePunctuation?: boolean;
  /** White space becomes single spaces, none at the ends. Default: yes. */
  joinSpaces?: boolean;
}

const MARKS = /\p{M}+/gu;
const NO_WORD = /[^\p{L}\p{M}\p{N}]+/gu;

export function normalizeText(text: string, options: NormalizeOptions = {}): string {
  const { form = "NFKC", foldCase = true, removeMarks = false } = options;
  let plain = form === "none" ? text : text.normalize(form);
  // Folding may undo the form, which is why Unicode defines it so.
  if (foldCase) plain = form === "none" ? caseFold(plain) : caseFold(plain).normalize(form);
  if (removeMarks)
    plain = plain
      .normalize("NFD")
      .replace(MARKS, "")
      .normalize(form === "none" ? "NFC" : form);
  if (options.removePunctuation === true) plain = plain.replace(NO_WORD, " ");
  return options.joinSpaces === false ? plain : splitSpaces(plain).join(" ");
}
