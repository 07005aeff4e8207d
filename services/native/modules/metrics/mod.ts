// The door `dspex/metrics`: how good an answer, a summary, a label, a ranking or a probability is. Pure; equal to the
// Python packages that define them, see docs/native-modules.md.

export { cohenKappa, matthewsCorrelation } from "./agreement.ts";
export { type Bleu, type BleuOptions, corpusBleu, sentenceBleu } from "./bleu.ts";
export { tokens13a } from "./bleu-tokenizer.ts";
export {
  brierScore,
  expectedCalibrationError,
  logLoss,
  multiclassBrier,
  multiclassLogLoss,
  type ReliabilityBin,
  reliabilityBins,
} from "./calibration.ts";
export { type ChrfOptions, corpusChrf, sentenceChrf } from "./chrf.ts";
export {
  type ClassificationOptions,
  type ClassificationReport,
  type ClassScores,
  classificationReport,
} from "./classification-report.ts";
export { type Confusion, confusionMatrix } from "./confusion.ts";
export type { ReferencesOf } from "./corpus.ts";
export { editDistance, editSimilarity } from "./edit-distance.ts";
export { exactMatch, normalizeAnswer, normalizedExactMatch } from "./exact-match.ts";
export {
  type BootstrapOptions,
  bootstrapDifference,
  bootstrapInterval,
  type Interval,
  scoreInterval,
  wilsonInterval,
} from "./intervals.ts";
export { isSameJson, type JsonDiffOptions, jsonSimilarity } from "./json-diff.ts";
export { containsOutputs, exactOutputs, f1Outputs, type Outputs, wordF1 } from "./outputs.ts";
export type { Overlap } from "./overlap.ts";
export { porterStem } from "./porter-stemmer.ts";
export {
  averagePrecision,
  meanAveragePrecision,
  meanReciprocalRank,
  type NdcgOptions,
  ndcg,
  precisionAtK,
  type Ranking,
  recallAtK,
  reciprocalRank,
} from "./retrieval.ts";
export { type RougeOptions, type RougeType, rouge, rougeTokens } from "./rouge.ts";
export { scoreText, TEXT_METRICS, type TextMetric } from "./score-text.ts";
export { hotpotF1, tokenF1, tokenOverlap } from "./token-f1.ts";
