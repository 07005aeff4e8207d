// What pipelines and their runs need of the client that made them.

import type { Api } from "../api.ts";
import type { StreamChunk, StreamOptions } from "../stream.ts";

export interface PipelineHost {
  readonly user: string;
  readonly api: Api;
  isClosed(): boolean;
  stream(id: string, options?: StreamOptions): AsyncGenerator<StreamChunk>;
  /** Large values by references to them, and the other way. */
  shrinkValues(values: Record<string, unknown>): Promise<Record<string, unknown>>;
  expandValues(values: Record<string, unknown>): Record<string, unknown> | Promise<Record<string, unknown>>;
}
