"""The words of a pipeline: each adds one stage and gives references to what it will have. The order in which
they are written says nothing; who refers to whom does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack

from dspex.errors import DspexError
from dspex.pipelines.names import StageNames
from dspex.pipelines.options import Body, CallOptions, StageOptions, request_options, stored_options
from dspex.pipelines.program_type import ProgramType, signature_of
from dspex.pipelines.reference import Operand, Outputs, Ref, Scope
from dspex.pipelines.values import fields_of, stored_condition, stored_fields, stored_value
from dspex.signature import signature_to_json
from dspex.subjects import token

if TYPE_CHECKING:
    from dspex.pipelines.pipeline import Pipeline

_APPROVAL = ("approved", "note")

Fields = Mapping[str, Any] | Outputs
Program = ProgramType | str


class MapOptions(StageOptions, total=False):
    # Items at once; the run's own bound holds besides.
    concurrency: int
    # `skip` leaves None in the place of an item that failed; by default the map fails with it.
    on_item_failure: Literal["fail", "skip"]


class ChildOptions(StageOptions, total=False):
    version: str


class SignalOptions(StageOptions, total=False):
    # Absent = the name of the stage.
    signal: str


class Graph:
    def __init__(self, scope: Scope, around: StageNames | None = None) -> None:
        self._scope = scope
        self._names = StageNames(around)
        self._stages: list[dict[str, Any]] = []

    def call(
        self, name: str, program: Program, inputs: Mapping[str, Any], **options: Unpack[CallOptions]
    ) -> Outputs:
        """Calls a program."""
        kind = _type_of(program)
        _check_inputs(name, kind, inputs)
        own = {
            "program": kind.name,
            "inputs": self._fields(inputs, f"{name}.inputs"),
            **request_options(options),
        }
        return self._add(name, "call", own, options, kind.outputs)

    def pipeline(
        self,
        name: str,
        child: Pipeline | ProgramType | str,
        inputs: Mapping[str, Any],
        **options: Unpack[ChildOptions],
    ) -> Outputs:
        """Runs another pipeline, as a run of its own."""
        kind = (
            child
            if isinstance(child, ProgramType)
            else _type_of(child if isinstance(child, str) else child.type)
        )
        _check_inputs(name, kind, inputs)
        version = {"version": options["version"]} if "version" in options else {}
        own = {"pipeline": kind.name, **version, "inputs": self._fields(inputs, f"{name}.inputs")}
        return self._add(name, "pipeline", own, options, kind.outputs)

    def map(
        self,
        name: str,
        over: Any,
        body: Callable[..., Fields],
        **options: Unpack[MapOptions],
    ) -> Outputs:
        """Does the same with each item of a list: `body(item, q)` or `body(item, q, index)`. Its outputs are
        lists in the items' order.
        """
        takes_index = _parameters(body) >= 3

        def build(q: Graph, scope: Scope) -> Fields:
            item, index = Ref("item", scope), Ref("index", scope)
            return body(item, q, index) if takes_index else body(item, q)

        graph = self._inner(name, build)
        own = {"over": stored_value(over, self._scope, f"{name}.over"), "body": graph}
        if "concurrency" in options:
            own["concurrency"] = options["concurrency"]
        if "on_item_failure" in options:
            own["onItemFailure"] = options["on_item_failure"]
        return self._add(name, "map", own, options, list(graph["outputs"]))

    def when(
        self, name: str, condition: Operand, then: Body, otherwise: Body, **options: Unpack[StageOptions]
    ) -> Outputs:
        """Goes one of two ways."""
        bodies = [self._inner(name, _plain(then)), self._inner(name, _plain(otherwise))]
        own = {
            "on": stored_value(condition, self._scope, f"{name}.on"),
            "cases": [{"equals": True, "body": bodies[0]}],
            "otherwise": bodies[1],
        }
        return self._add(name, "switch", own, options, _common_fields(bodies))

    def switch(
        self,
        name: str,
        on: Any,
        cases: Mapping[Any, Body],
        otherwise: Body | None = None,
        **options: Unpack[StageOptions],
    ) -> Outputs:
        """Goes the way that a value names. What all the ways give is what the stage gives."""
        bodies = [
            {"equals": equals, "body": self._inner(name, _plain(body))} for equals, body in cases.items()
        ]
        last = None if otherwise is None else self._inner(name, _plain(otherwise))
        graphs = [one["body"] for one in bodies] + ([] if last is None else [last])
        own: dict[str, Any] = {"on": stored_value(on, self._scope, f"{name}.on"), "cases": bodies}
        if last is not None:
            own["otherwise"] = last
        return self._add(name, "switch", own, options, _common_fields(graphs))

    def loop(
        self,
        name: str,
        initial: Mapping[str, Any],
        body: Callable[[Outputs, Graph], Fields],
        *,
        max: int,  # noqa: A002  # the word of the definition
        until: Callable[[Outputs], Operand],
        **options: Unpack[StageOptions],
    ) -> Outputs:
        """Repeats: the first round gets `initial`, each next one what the round before gave."""
        scopes: list[Scope] = []

        def build(q: Graph, scope: Scope) -> Fields:
            scopes.append(scope)
            return body(Outputs("loop", scope, None), q)

        graph = self._inner(name, build)
        scope = scopes[0]
        # What the first round does not get is null for it.
        given = dict.fromkeys(graph["outputs"])
        own = {
            "initial": given | self._fields(initial, f"{name}.initial"),
            "body": graph,
            "until": stored_condition(until(Outputs("loop", scope, None)), scope),
            "max": max,
        }
        return self._add(name, "loop", own, options, list(graph["outputs"]))

    def race(
        self, name: str, ways: Mapping[str, Body | tuple[int, Body]], **options: Unpack[StageOptions]
    ) -> Outputs:
        """Starts several ways, one later than the other where it says so, `(after_ms, body)`; the first that
        succeeds counts.
        """
        bodies: list[dict[str, Any]] = []
        for way, contender in ways.items():
            after, body = contender if isinstance(contender, tuple) else (None, contender)
            wait = {} if after is None else {"afterMs": after}
            bodies.append({"name": way, **wait, "body": self._inner(name, _plain(body))})
        fields = _common_fields([one["body"] for one in bodies])
        return self._add(name, "race", {"bodies": bodies}, options, fields)

    def delay(self, name: str, ms: Any, **options: Unpack[StageOptions]) -> Outputs:
        """Waits. Put it into another stage's `after`."""
        return self._add(name, "delay", {"ms": stored_value(ms, self._scope, f"{name}.ms")}, options, ())

    def signal(self, name: str, fields: str, **options: Unpack[SignalOptions]) -> Outputs:
        """Waits for word from outside, `run.signal(name, data)`. `fields` are what the data has, as a
        signature writes them: `"approved: bool, note: str"`.
        """
        outputs = signature_to_json(signature_of(f"signal_ -> {fields}"))["outputs"]
        own = {"signal": token(options.get("signal", name), "signal"), "fields": outputs}
        names = (
            [field["name"] for field in outputs if isinstance(field, dict)]
            if isinstance(outputs, list)
            else []
        )
        return self._add(name, "signal", own, options, [str(one) for one in names])

    def approval(self, name: str, **options: Unpack[SignalOptions]) -> Outputs:
        """Waits for a person: `run.approve(name)`, or `dspex pipeline approve`. A no makes it fail."""
        own = {"signal": token(options.get("signal", name), "signal"), "approval": True}
        return self._add(name, "signal", own, options, _APPROVAL)

    def value(self, name: str, outputs: Mapping[str, Any], **options: Unpack[StageOptions]) -> Outputs:
        """Gives a name to values that are put together or computed from others."""
        own = {"outputs": self._fields(outputs, f"{name}.outputs")}
        return self._add(name, "value", own, options, list(outputs))

    def _finish(self, outputs: Fields, what: str) -> dict[str, Any]:
        return {"stages": self._stages, "outputs": self._fields(fields_of(outputs, what), what)}

    def _add(
        self,
        name: str,
        kind: str,
        own: dict[str, Any],
        options: StageOptions,
        fields: Sequence[str] | None,
    ) -> Outputs:
        self._names.claim(name)
        common = stored_options(
            options, name, self._scope, fields, lambda of, body: self._inner(of, _plain(body))
        )
        self._stages.append({"name": name, "kind": kind, **own, **common})
        return Outputs(name, self._scope, fields)

    def _inner(self, of: str, build: Callable[[Graph, Scope], Fields]) -> dict[str, Any]:
        scope = Scope(self._scope, of)
        graph = Graph(scope, self._names)
        return graph._finish(build(graph, scope), f"{of}.outputs")

    def _fields(self, fields: Mapping[str, Any], what: str) -> dict[str, Any]:
        return stored_fields(fields, self._scope, what)


def _type_of(program: Program) -> ProgramType:
    return ProgramType(token(program, "program")) if isinstance(program, str) else program


def _check_inputs(stage: str, kind: ProgramType, inputs: Mapping[str, Any]) -> None:
    """What a compiler would say in another language."""
    signature = kind.signature
    if signature is None:
        return
    known = [field.name for field in signature.inputs]
    for name in inputs:
        if name not in known:
            text = f'stage "{stage}": "{kind.name}" has no input "{name}": it has {", ".join(known)}'
            raise _refused(f"{stage}.inputs.{name}", text)
    for field in signature.inputs:
        if field.name not in inputs and not field.has_default and field.type.kind != "optional":
            text = f'stage "{stage}": input "{field.name}" of "{kind.name}" is missing'
            raise _refused(f"{stage}.inputs", text)


def _plain(body: Body) -> Callable[[Graph, Scope], Fields]:
    return lambda q, _scope: body(q)


def _common_fields(graphs: Sequence[dict[str, Any]]) -> list[str]:
    first, *others = graphs
    return [field for field in first["outputs"] if all(field in other["outputs"] for other in others)]


def _parameters(body: Callable[..., Any]) -> int:
    code = getattr(body, "__code__", None)
    return 2 if code is None else int(code.co_argcount)


def _refused(path: str, message: str) -> DspexError:
    return DspexError("invalid_inputs", message, path=path)
