// The tokenizer `13a` of sacrebleu, which is that of WMT's mteval-v13a: punctuation apart, but not within numbers.

import { splitSpaces, stripSpacesAtEnd } from "../text/characters.ts";

export function tokens13a(line: string): string[] {
  let text = stripSpacesAtEnd(line).replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (text.includes("&")) {
    text = text
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
  }
  const apart = ` ${text} `
    .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
  return splitSpaces(apart);
}
