// What an adapter is: one way to get a program's outputs from one call of a language model. Wire values in and out.
//
//   request ─▶ prompt ─▶ provider ─▶ text ─▶ outputs, checked against the signature
//                           └ everything that goes wrong comes out as a DspexError of the lm_ and output_ codes

import type { Model } from "../../../schemas/config/models.ts";
import type { Usage } from "../../../schemas/messages/parts.ts";
import type { Signature, WireValues } from "../../../schemas/signature/mod.ts";
import type { FieldPiece } from "./json-fields.ts";

export interface ModelSettings {
  temperature?: number | undefined;
  /** Instead of the model's own. */
  maxTokens?: number | undefined;
  /** For the whole call, a repair included. Instead of the model's own. */
  timeoutMs?: number | undefined;
  /** Template with `{{field}}`. */
  prompt?: string | undefined;
  stop?: readonly string[] | undefined;
  /** Word that stands for a label of a choice, by label as text. */
  words?: Readonly<Record<string, string>> | undefined;
  /** Of a choice: how much what `prompt` says counts, and more ways to ask the same. */
  weight?: number | undefined;
  more?: readonly ChoiceWay[] | undefined;
}

export interface ChoiceWay {
  prompt: string;
  words?: Readonly<Record<string, string>> | undefined;
  weight?: number | undefined;
}

/** Log-probability by label as text. */
export type LabelScores = Readonly<Record<string, number>>;

export interface Turn {
  inputs: WireValues;
  outputs: WireValues;
}

export interface ModelRequest {
  model: Model;
  signature: Signature;
  /** Checked already, defaults filled in, references resolved. */
  inputs: WireValues;
  settings: ModelSettings;
  /** Earlier turns of the session, oldest first. */
  history?: readonly Turn[] | undefined;
  /** Slot of the model's server in which the session's prompts are kept computed. */
  slot?: number | undefined;
  /** What is taken off each label of a choice: how likely it is over past inputs; absent = it is not calibrated. */
  means?: LabelScores | undefined;
  signal: AbortSignal;
  /** Where somebody reads while the model writes. */
  stream?: OutputStream | undefined;
}

/** Takes what an adapter that can stream knows of the outputs so far. */
export interface OutputStream {
  /** Awaited, so a slow reader can slow the model down; also resolves when `signal` is aborted. */
  write(piece: FieldPiece, signal: AbortSignal): Promise<void>;
  /** What was written is void: the model is asked again. */
  restart(): void;
}

export interface ModelAnswer {
  outputs: WireValues;
  /** What the model wrote. */
  text: string;
  /** Of all turns together; zeros where the server told none. */
  usage: Usage;
  finishReason: string;
  /** The model as its server names it. */
  modelId: string;
  /** `modelMs`: what of the call its server took; `validateMs`: what checking the answer did. */
  timings: { firstTokenMs?: number; totalMs: number; modelMs: number; validateMs: number };
  /** Of a choice: each label's log-probability before calibration, and the probability of the chosen one after it. */
  choice?: { labelScores: LabelScores; confidence: number };
  /** Slot of the model's server that was used. */
  slot?: number;
}

export interface ModelAdapter {
  readonly name: string;
  /** @throws DspexError; `usageOf` tells what a failed call has cost. */
  call(request: ModelRequest): Promise<ModelAnswer>;
}
