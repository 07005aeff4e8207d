"""Pipelines as an application asks for them: `client.pipelines` for all, `client.pipeline(…)` to run one.

run = await client.pipeline(research).run({"question": "…"})
async for event in run.events(): ...
outputs = await run.outputs()
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from dspex import headers
from dspex.client.pipeline_answers import GraphFormat, PipelineInfo, PipelineProblem, RunSummary
from dspex.client.pipeline_run import PipelineRun, RunParts, patiently
from dspex.client.signatures import inputs_to_wire, signature_of
from dspex.client.trace import current_traceparent
from dspex.codec import decode
from dspex.pipelines.pipeline import Pipeline
from dspex.signature import Signature
from dspex.subjects import token

Definition = Pipeline | Mapping[str, Any]

_GIVE_UP_S = 30.0
_PAGE = 100


class Pipelines:
    def __init__(self, parts: RunParts) -> None:
        self._parts = parts

    async def list(self) -> list[PipelineInfo]:
        """Own ones and those of everybody, by name."""
        answer = await self._ask("list")
        return [decode(PipelineInfo, one) for one in answer["pipelines"]]

    async def describe(self, name: str, version: str | None = None) -> dict[str, Any]:
        """Definition, signature and versions. Raises `not_found`."""
        answer: dict[str, Any] = await self._ask("describe", name=token(name, "pipeline"), version=version)
        return answer

    async def register(self, pipeline: Definition, *, shared: bool = False) -> str:
        """Stores a definition under its name and returns its version; what runs already goes on as it was.
        With `shared` for everybody, which needs the admin right. Raises `invalid_inputs` with all problems.
        """
        answer = await self._ask("register", admin=shared, definition=_definition(pipeline))
        return str(answer["version"])

    async def remove(self, name: str, *, reason: str | None = None, shared: bool = False) -> None:
        """Takes it away; its runs go on."""
        await self._ask("remove", admin=shared, name=token(name, "pipeline"), reason=reason)

    async def validate(self, pipeline: Definition) -> Sequence[PipelineProblem]:
        """All that is wrong with it, without storing it: names, types, cycles, what nobody uses."""
        answer = await self._ask("validate", definition=_definition(pipeline))
        return [decode(PipelineProblem, one) for one in answer["problems"]]

    async def graph(
        self,
        pipeline: Definition | str,
        format: GraphFormat = "terminal",  # noqa: A002  # as the command line has it
        *,
        version: str | None = None,
        columns: int | None = None,
    ) -> str:
        """A pipeline drawn, registered or not: lines for a terminal, `mermaid` or `svg`."""
        what = {"pipeline": pipeline} if isinstance(pipeline, str) else {"definition": _definition(pipeline)}
        answer = await self._ask("graph", **what, format=format, version=version, columns=columns)
        return str(answer["text"])

    async def runs(
        self, *, status: str | None = None, pipeline: str | None = None
    ) -> AsyncGenerator[RunSummary, None]:
        """Own runs, the newest first."""
        after: str | None = None
        while True:
            answer = await self._ask("runs", status=status, pipeline=pipeline, after=after, limit=_PAGE)
            found = [decode(RunSummary, one) for one in answer["runs"]]
            for one in found:
                yield one
            after = answer.get("next") or (found[-1].run if len(found) == _PAGE else None)
            if after is None:
                return

    def get(self, run: str, signature: str | Signature | None = None) -> PipelineRun:
        """The handle of a run by its id, whoever of this user started it."""
        typed = None if signature is None else signature_of(signature)
        return PipelineRun(run, self._with(typed, None))

    async def analysis(self, pipeline: str, *, last: int | None = None) -> dict[str, Any]:
        """Over the last runs of a pipeline: where their time went, and what to change."""
        answer: dict[str, Any] = await self._ask("analysis", pipeline=token(pipeline, "pipeline"), last=last)
        return answer

    def runnable(
        self, pipeline: Definition | str, signature: str | Signature | None = None
    ) -> RunnablePipeline:
        return RunnablePipeline(self, pipeline, None if signature is None else signature_of(signature))

    def _with(self, signature: Signature | None, definition: dict[str, Any] | None) -> RunParts:
        parts = self._parts
        return RunParts(parts.client, parts.api, parts.objects, signature, definition)

    async def _run(self, body: dict[str, Any], inputs: dict[str, Any]) -> str:
        # Chosen here, so that who asks twice starts one.
        run = body.pop("run", None) or secrets.token_hex(12)
        shrunk = await self._parts.objects.shrink(inputs)
        traceparent = current_traceparent()
        sent = {} if traceparent is None else {headers.TRACEPARENT: traceparent}
        answer = await self._ask("run", request_headers=sent, run=run, inputs=shrunk, **body)
        return str(answer["run"])

    async def _ask(
        self, verb: str, *, admin: bool = False, request_headers: dict[str, str] | None = None, **body: Any
    ) -> Any:
        given = {name: value for name, value in body.items() if value is not None}
        api = self._parts.api
        # An admin's verb is not answered to who has not that right.
        give_up_s = 0.0 if admin else _GIVE_UP_S
        ask = functools.partial(
            api.request, f"pipeline.{verb}", given, admin=admin, request_headers=request_headers
        )
        return await patiently(api, ask, give_up_s)


class RunnablePipeline:
    """One pipeline, to be run; made by `client.pipeline(…)`."""

    def __init__(self, pipelines: Pipelines, pipeline: Definition | str, signature: Signature | None) -> None:
        self.name = pipeline if isinstance(pipeline, str) else _definition(pipeline)["name"]
        self._pipelines = pipelines
        self._definition = None if isinstance(pipeline, str) else _definition(pipeline)
        self._signature = signature or (pipeline.signature if isinstance(pipeline, Pipeline) else None)

    async def run(
        self,
        inputs: Mapping[str, Any],
        *,
        run: str | None = None,
        version: str | None = None,
        deadline_ms: int | None = None,
        concurrency: int | None = None,
        priority: int | None = None,
        prefer: str | None = None,
        variables: Mapping[str, Any] | None = None,
        session: str | None = None,
        stream: bool | None = None,
    ) -> PipelineRun:
        """Starts a run; it is in the log when this returns. `run` is an id of one's own, letters and digits:
        the same again is that run, not another.
        """
        given = {
            "deadlineMs": deadline_ms,
            "concurrency": concurrency,
            "priority": priority,
            "prefer": prefer,
            "variables": variables,
            "session": session,
            "stream": stream,
        }
        options = {name: value for name, value in given.items() if value is not None}
        what = {"pipeline": self.name} if self._definition is None else {"definition": self._definition}
        body = {**what, "version": version, "run": run, "options": options or None}
        values = dict(inputs)
        wire = values if self._signature is None else inputs_to_wire(self._signature, values)
        started = await self._pipelines._run(body, wire)
        known = self._definition
        is_whole = known is not None and not isinstance(known["signature"], str)
        return PipelineRun(started, self._pipelines._with(self._signature, known if is_whole else None))

    async def __call__(self, inputs: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """Outputs of one run. Raises the run's error when it does not succeed."""
        return await (await self.run(inputs, **options)).outputs()


def _definition(pipeline: Definition) -> dict[str, Any]:
    return pipeline.definition if isinstance(pipeline, Pipeline) else dict(pipeline)
