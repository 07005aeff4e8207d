// Read by the compiler, never run: the client says of pipelines and runs what the service answers.

import type * as client from "../../services/client/pipelines/answers.ts";
import type * as service from "../../services/pipelines/views.ts";

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function same<Left, Right>(..._equal: Equal<Left, Right> extends true ? [] : [never]): void {}

same<client.RegisteredPipeline, service.RegisteredView>();
same<client.PipelineProblem, service.ProblemView>();
same<client.PipelineValidation, service.ValidateView>();
same<client.PipelineInfo, service.PipelineListItem>();
same<client.PipelineDetails, service.PipelineDescription>();
same<client.RunStatus, service.RunStatus>();
same<client.RunSummary, service.RunSummary>();
same<client.StageProgress, service.StageProgress>();
same<client.RunProgress, service.RunProgress>();
same<client.RunEventAnswer, service.RunEventView>();
same<client.PipelineAnalysis, service.PipelineAnalysis>();
