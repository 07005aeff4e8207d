"""What a stage may say besides what it does: when it runs, how long, how often again, and what happens when
it fails. All of it is given by keywords of the word that adds the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from dspex.pipelines.program_type import ProgramType
from dspex.pipelines.reference import Operand, Outputs, Scope, check_visible
from dspex.pipelines.values import stored_condition, stored_fields

if TYPE_CHECKING:
    from dspex.pipelines.graph import Graph

Body = Callable[["Graph"], Mapping[str, Any] | Outputs]


@dataclass(frozen=True, slots=True)
class Retry:
    """Pauses between tries: `delay_ms`, times `factor` each, at most `max_delay_ms`, shortened at random by
    up to `jitter` (0 … 1).
    """

    # Tries after the first.
    times: int
    delay_ms: int
    factor: float | None = None
    max_delay_ms: int | None = None
    jitter: float | None = None

    def to_json(self) -> dict[str, Any]:
        given = {
            "times": self.times,
            "delayMs": self.delay_ms,
            "factor": self.factor,
            "maxDelayMs": self.max_delay_ms,
            "jitter": self.jitter,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Undo:
    """A program that takes back what a stage did, when a later one fails."""

    program: str
    inputs: Mapping[str, Any]


def undo(program: ProgramType | str, inputs: Mapping[str, Any]) -> Undo:
    return Undo(program if isinstance(program, str) else program.name, inputs)


class StageOptions(TypedDict, total=False):
    """`on_failure`: `fail` (default) ends the run, `skip` gives nulls, else what stands in: values, or stages
    that make them. Outputs of a stage whose `when` does not hold are null: `first` gives what stands in.
    """

    when: Operand
    # Stages to wait for whose outputs it does not use.
    after: Sequence[Outputs]
    timeout_ms: int
    retry: Retry
    on_failure: Literal["fail", "skip"] | Mapping[str, Any] | Body
    # Undone in the reverse order when the run fails or is cancelled.
    compensate: Callable[[Outputs], Undo]
    description: str
    # Nobody uses its outputs, and that is meant.
    keep: bool


class CallOptions(StageOptions, total=False):
    version: str
    implementation: str
    prefer: Literal["speed", "quality", "cost"]
    priority: int
    variables: Mapping[str, Any]
    session: str
    stream: bool
    hedge: bool
    deadline_ms: int
    budget: Mapping[str, Any]


_REQUEST_OPTIONS = {
    "implementation": "implementation",
    "prefer": "prefer",
    "priority": "priority",
    "variables": "variables",
    "session": "session",
    "stream": "stream",
    "hedge": "hedge",
    "deadline_ms": "deadlineMs",
    "budget": "budget",
}


def stored_options(
    options: StageOptions,
    name: str,
    scope: Scope,
    fields: Sequence[str] | None,
    graph: Callable[[str, Body], dict[str, Any]],
) -> dict[str, Any]:
    """Raises `invalid_inputs` naming the stage."""
    stored: dict[str, Any] = {}
    for option, key in (("description", "description"), ("timeout_ms", "timeoutMs")):
        if option in options:
            stored[key] = options[option]  # type: ignore[literal-required]  # from the pairs above
    if "when" in options:
        stored["when"] = stored_condition(options["when"], scope)
    if "after" in options:
        stored["after"] = [_name_of(stage, scope) for stage in options["after"]]
    if "retry" in options:
        stored["retry"] = options["retry"].to_json()
    if "on_failure" in options:
        stored["onFailure"] = _stored_failure(options["on_failure"], name, scope, graph)
    if "compensate" in options:
        taken_back = options["compensate"](Outputs(name, scope, fields))
        inputs = stored_fields(taken_back.inputs, scope, f"{name}.compensate")
        stored["compensate"] = {"program": taken_back.program, "inputs": inputs}
    if options.get("keep"):
        stored["keep"] = True
    return stored


def request_options(options: CallOptions) -> dict[str, Any]:
    given = {key: options[name] for name, key in _REQUEST_OPTIONS.items() if name in options}  # type: ignore[literal-required]  # from the table above
    stored: dict[str, Any] = {"version": options["version"]} if "version" in options else {}
    return stored | ({"options": given} if given else {})


def _stored_failure(
    given: str | Mapping[str, Any] | Body,
    name: str,
    scope: Scope,
    graph: Callable[[str, Body], dict[str, Any]],
) -> Any:
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        return {"value": stored_fields(given, scope, f"{name}.onFailure")}
    return {"stage": graph(name, given)}


def _name_of(stage: Outputs, scope: Scope) -> str:
    check_visible(stage._located, scope)
    return stage._located.path
