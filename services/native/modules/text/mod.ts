// The door `dspex/text`: to cut, count, search, compare and normalise texts. Pure; an encoding is read when it is asked for.
// See docs/native-modules.md.

export { Bm25Index, type Bm25Options, type Hit } from "./bm25.ts";
export { caseFold, codePointCount, codePointPlaces } from "./characters.ts";
export { type Chunk, type ChunkOptions, chunkText } from "./chunk.ts";
export { type DuplicateOptions, dedupe, duplicateGroups } from "./duplicates.ts";
export { estimateJaccard, type MinHash, minHash } from "./min-hash.ts";
export { type NormalizeOptions, normalizeText } from "./normalize.ts";
export { searchWords } from "./search-words.ts";
export { jaccard, shinglesOf } from "./shingles.ts";
export { hammingDistance, simHash } from "./sim-hash.ts";
export { paragraphSpans, type Span, sentenceSpans, wordSpans } from "./spans.ts";
export {
  estimateTokens,
  type TokenEncoding,
  type Tokenizer,
  tokenizerFor,
  tokenizerOf,
  type WeightedSpan,
} from "./tokenizer.ts";
export { type Scored, TopK } from "./top-k.ts";
export { type VectorHit, VectorIndex, type VectorMeasure } from "./vectors.ts";
