"""A pipeline as its author writes it; what comes out is the stored definition, the same JSON that a file or
another language gives.

    with pipeline("brief", "texts: list[str] -> summary: str") as p:
        each = p.map("each", p.inputs.texts, lambda text, q: q.call("one", summarize, {"text": text}))
        p.outputs(summary=p.call("all", join, {"summaries": each.summary}).summary)
    brief = p.done

or as a function that returns its outputs:

    @pipeline("brief", "texts: list[str] -> summary: str")
    def brief(p): ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from dspex.errors import DspexError
from dspex.pipelines.graph import Fields, Graph
from dspex.pipelines.program_type import ProgramType, signature_of
from dspex.pipelines.reference import Outputs, Ref, Scope
from dspex.signature import Signature, signature_to_json
from dspex.subjects import token


@dataclass(frozen=True, slots=True)
class Pipeline:
    name: str
    signature: Signature
    # What is stored and sent.
    definition: dict[str, Any]

    @property
    def type(self) -> ProgramType:
        return ProgramType(self.name, self.signature)


class Run:
    """What a pipeline can know of its own run."""

    def __init__(self, scope: Scope) -> None:
        self.id = Ref("run.id", scope)


class PipelineBuilder(Graph):
    """`with pipeline(…) as p:` gives one; its `outputs` ends it, and `p.done` is the pipeline then."""

    def __init__(self, name: str, signature: Signature, options: Mapping[str, Any]) -> None:
        scope = Scope(None, "")
        super().__init__(scope)
        self.name = token(name, "pipeline")
        self.inputs = Outputs("inputs", scope, [field.name for field in signature.inputs])
        self.run = Run(scope)
        self._signature = signature
        self._options = options
        self._given: Fields | None = None
        self._done: Pipeline | None = None

    def outputs(self, given: Fields | None = None, /, **fields: Any) -> None:
        """What the pipeline gives: a stage, a mapping, or by name."""
        self._given = given if given is not None else fields

    @property
    def done(self) -> Pipeline:
        if self._done is None:
            raise DspexError(
                "invalid_inputs", f'pipeline "{self.name}" is not finished: its block has not ended'
            )
        return self._done

    @property
    def definition(self) -> dict[str, Any]:
        return self.done.definition

    def _end(self, given: Fields | None) -> Pipeline:
        if given is None:
            text = f'pipeline "{self.name}" gives nothing: call p.outputs(…), or return its outputs'
            raise DspexError("invalid_inputs", text, path="outputs")
        graph = self._finish(given, "outputs")
        _check_outputs(self.name, self._signature, graph["outputs"])
        description = {k: v for k, v in self._options.items() if k == "description"}
        others = {k: v for k, v in self._options.items() if k != "description"}
        definition = {
            "name": self.name,
            **description,
            "signature": signature_to_json(self._signature),
            **graph,
            **others,
        }
        self._done = Pipeline(self.name, self._signature, definition)
        return self._done


class pipeline:  # noqa: N801  # a word, as `with` and `@` read it
    """`concurrency`: requests of one run at once, 16 by default; `deadline_ms`: of a run, one hour."""

    def __init__(
        self,
        name: str,
        signature: str | Signature,
        *,
        description: str | None = None,
        concurrency: int | None = None,
        deadline_ms: int | None = None,
    ) -> None:
        given = {"description": description, "concurrency": concurrency, "deadlineMs": deadline_ms}
        options = {key: value for key, value in given.items() if value is not None}
        self._builder = PipelineBuilder(name, signature_of(signature), options)

    def __call__(self, build: Callable[[PipelineBuilder], Fields]) -> Pipeline:
        return self._builder._end(build(self._builder))

    def __enter__(self) -> PipelineBuilder:
        return self._builder

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if raised is None:
            self._builder._end(self._builder._given)


def _check_outputs(name: str, signature: Signature, given: Mapping[str, Any]) -> None:
    wanted = [field.name for field in signature.outputs]
    for field in given:
        if field not in wanted:
            text = f'pipeline "{name}" has no output "{field}": it has {", ".join(wanted)}'
            raise DspexError("invalid_inputs", text, path=f"outputs.{field}")
    for one in signature.outputs:
        if one.name not in given and not one.has_default and one.type.kind != "optional":
            raise DspexError(
                "invalid_inputs", f'output "{one.name}" of pipeline "{name}" is missing', path="outputs"
            )
