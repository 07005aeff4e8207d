// The door of the client library: what `import … from "dspex"` gives.

export { DspexError, isDspexError, type WireError } from "../../schemas/errors.ts";
export type { Explanation } from "../../schemas/messages/explanation.ts";
export type { Result } from "../../schemas/messages/result.ts";
export { signature, signatureFromZod } from "../../schemas/signature/mod.ts";
export { type ConnectOptions, connect, type Dspex } from "./client.ts";
export type { ObserveOptions, StoryEvent } from "./observe.ts";
export type { CallOptions } from "./options.ts";
export type { DeepPartial } from "./partial-outputs.ts";
export type {
  PipelineAnalysis,
  PipelineDetails,
  PipelineInfo,
  PipelineProblem,
  PipelineValidation,
  RunProgress,
  RunStatus,
  RunSummary,
  StageProgress,
  TypedPipelineResult,
} from "./pipelines/answers.ts";
export { DrawnGraph } from "./pipelines/drawn-graph.ts";
export {
  all,
  any,
  atLeast,
  type Condition,
  equals,
  expr,
  length,
  less,
  not,
} from "./pipelines/expression.ts";
export { first, type Given, present } from "./pipelines/given.ts";
export type { GraphBuilder } from "./pipelines/graph-builder.ts";
export { type Pipeline, type PipelineOptions, pipeline } from "./pipelines/pipeline.ts";
export type { PipelineBuilder } from "./pipelines/pipeline-builder.ts";
export { type LoadedPipeline, loadPipeline } from "./pipelines/pipeline-file.ts";
export type { PipelineRun, RunEvent } from "./pipelines/pipeline-run.ts";
export type { Pipelines, RunnablePipeline, RunOptions } from "./pipelines/pipelines.ts";
export { type Callable, program } from "./pipelines/program-type.ts";
export type { EventProgress } from "./pipelines/progress.ts";
export type { Outputs, Ref } from "./pipelines/reference.ts";
export { type CallOptions as StageCallOptions, type StageOptions, undo } from "./pipelines/stage-options.ts";
export type { RunStreamOptions, StageChunk } from "./pipelines/streams.ts";
export type { Program } from "./program.ts";
export type {
  ExampleRow,
  OptimizationState,
  OptimizeOptions,
  ProgramOptimization,
} from "./program-optimize.ts";
export type { OptimizationOutcome, Score, Versions, VersionsInfo } from "./program-versions.ts";
export type { Judgement, Run, TypedResult } from "./run.ts";
export type { ForkOptions, PastSession, Session, SessionOptions, TurnOptions } from "./session.ts";
export type {
  SessionContext,
  SessionErasure,
  SessionInfo,
  SessionPerformance,
  SessionTurn,
  UserErasure,
} from "./session-answers.ts";
export type { StreamChunk, StreamOptions } from "./stream.ts";
export type { ChangeOptions, SetOptions, Variables } from "./variables.ts";
export type {
  Interval,
  MeasuredValues,
  OptimizationInfo,
  OptimizationReport,
  PastChange,
  VariableCommandAnswer,
  VariableDetails,
  VariableInfo,
} from "./variables-answers.ts";
export type { ObserveVariables } from "./variables-observe.ts";
export type {
  Example,
  Objective,
  Optimization,
  OptimizationBudget,
  OptimizationOptions,
} from "./variables-optimize.ts";
export type { VariableChanges, VariableRefusal, VariableUpdate } from "./variables-update.ts";
