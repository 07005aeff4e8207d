// Texts made comparable: what two people would write differently and mean the same by is written one way.

import { splitSpaces } from "../text/characters.ts";

const QUOTES = /[\u2018\u2019\u201a\u201b\u02bc\u2032]/g;
const DOUBLE_QUOTES = /[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]/g;
const DASHES = /[\u2010-\u2015\u2212]/g;
/** Soft hyphens, marks of direction and joiners: not seen. */
const UNSEEN = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;

/** Compatible forms (NFKC), lower case, straight quotes, plain dashes, single spaces. */
export function plainText(text: string): string {
  const spelled = text
    .normalize("NFKC")
    .replace(UNSEEN, "")
    .replace(QUOTES, "'")
    .replace(DOUBLE_QUOTES, '"')
    .replace(DASHES, "-")
    .toLowerCase();
  return splitSpaces(spelled).join(" ");
}
