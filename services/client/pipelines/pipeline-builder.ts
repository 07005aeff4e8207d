// The graph of a whole pipeline: that of its stages, with its inputs and its run.

import { GraphBuilder } from "./graph-builder.ts";
import { type Outputs, outputsOf, type Ref, reference, type Scope } from "./reference.ts";

export class PipelineBuilder<In> extends GraphBuilder {
  readonly inputs: Outputs<In>;
  readonly run: { readonly id: Ref<string> };

  constructor(scope: Scope, fields: readonly string[]) {
    super(scope);
    this.inputs = outputsOf("inputs", scope, fields);
    this.run = { id: reference("run.id", scope) };
  }
}
