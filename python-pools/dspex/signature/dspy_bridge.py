"""Between our signatures and DSPy's: classes for its modules, and the values that go in and come out of them.

    decode_inputs ──to_dspy_inputs──▶ module(**kwargs) ──▶ prediction ──from_dspy_outputs──▶ encode_outputs

DSPy drops constraints of top-level fields: the prompt tells the model, `encode_outputs` enforces them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import dspy

from .ast import Field, OptionalType, PlainType, Signature
from .describe import constraints_text
from .dspy_markers import OptionalHistory, WireName
from .dspy_reader import from_dspy_signature
from .dspy_types import Convert, DspyType, Side, default_of, dspy_type, safe_names
from .formatter import signature_hash

__all__ = [
    "dspy_names",
    "from_dspy_outputs",
    "from_dspy_signature",
    "to_dspy_inputs",
    "to_dspy_outputs",
    "to_dspy_signature",
]

# What Predict and ReAct take out of a call's arguments for themselves, and what no call can be given.
_KEPT_BY_DSPY: Final = frozenset(
    [
        *("args", "config", "demos", "lm", "max_iters", "new_signature", "prediction", "self"),
        *("signature", "trajectory"),
    ]
)
_MAX_CACHED: Final = 512


@dataclass(frozen=True, slots=True)
class _Built:
    signature: Any
    # By wire names.
    names: Mapping[str, str]
    inputs: Mapping[str, Convert]
    outputs: Mapping[str, Convert]


_cache: OrderedDict[str, _Built] = OrderedDict()
_lock: Final = threading.Lock()


def to_dspy_signature(signature: Signature) -> type[dspy.Signature]:
    """The same class for the same signature."""
    return _built(signature).signature  # type: ignore[no-any-return]


def dspy_names(signature: Signature) -> Mapping[str, str]:
    """Each field's name in DSPy: its own, but for a few that DSPy or pydantic keep for themselves."""
    return _built(signature).names


def to_dspy_inputs(signature: Signature, values: Mapping[str, Any]) -> dict[str, Any]:
    """What `decode_inputs` gave, as arguments of a module that was made from `to_dspy_signature`."""
    built = _built(signature)
    return _converted(built.inputs, built.names, values)


def to_dspy_outputs(signature: Signature, values: Mapping[str, Any]) -> dict[str, Any]:
    """What `decode_outputs` gave, as a module would have answered it: for examples."""
    built = _built(signature)
    return _converted(built.outputs, built.names, values)


def _converted(
    converts: Mapping[str, Convert], names: Mapping[str, str], values: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        names[name]: values[name] if convert is None else convert(values[name])
        for name, convert in converts.items()
    }


def from_dspy_outputs(signature: Signature, prediction: Any) -> dict[str, Any]:
    """The outputs alone under their own names, without what a module adds, such as `reasoning`."""
    built = _built(signature)
    members = prediction if isinstance(prediction, Mapping) else dict(prediction.items())
    by_name = {name: built.names[name] for name in built.outputs}
    return {name: members[by] for name, by in by_name.items() if by in members}


def _built(signature: Signature) -> _Built:
    key = signature_hash(signature)
    with _lock:
        built = _cache.get(key)
        if built is None:
            built = _cache[key] = _build(signature)
            if len(_cache) > _MAX_CACHED:
                _cache.popitem(last=False)
        else:
            _cache.move_to_end(key)
    return built


def _build(signature: Signature) -> _Built:
    fields = (*signature.inputs, *signature.outputs)
    names = safe_names([field.name for field in fields], dspy.Signature, _KEPT_BY_DSPY)
    definitions: dict[str, tuple[Any, Any]] = {}
    converts: dict[Side, dict[str, Convert]] = {"inputs": {}, "outputs": {}}
    sides: tuple[tuple[Side, tuple[Field, ...]], ...] = (
        ("inputs", signature.inputs),
        ("outputs", signature.outputs),
    )
    for side, side_fields in sides:
        for field in side_fields:
            type_ = _top_level_type(field, side, names)
            definitions[names[field.name]] = _field(field, type_, side, names[field.name])
            converts[side][field.name] = type_.convert
    made = dspy.Signature(definitions, signature.instructions)
    return _Built(made, names, converts["inputs"], converts["outputs"])


def _top_level_type(field: Field, side: Side, names: Mapping[str, str]) -> DspyType:
    if side == "inputs" and _is_history(field):
        return DspyType(dspy.History, _history_converter(names))
    return dspy_type(field.type, "".join(part[:1].upper() + part[1:] for part in field.name.split("_")), side)


def _is_history(field: Field) -> bool:
    of = field.type.of if isinstance(field.type, OptionalType) else field.type
    return of == PlainType("history")


def _history_converter(names: Mapping[str, str]) -> Convert:
    """A conversation's turns name fields as the signature does; DSPy looks for them under its own names."""
    renamed = {name: to for name, to in names.items() if name != to}

    def convert(history: dspy.History | None) -> dspy.History:
        if history is None:
            return dspy.History(messages=[])
        if not renamed:
            return history
        return dspy.History.model_construct(messages=[_renamed(turn, renamed) for turn in history.messages])

    return convert


def _renamed(turn: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in turn.items()}


def _field(field: Field, type_: DspyType, side: Side, name: str) -> tuple[Any, Any]:
    arguments: dict[str, Any] = {} if field.description is None else {"desc": field.description}
    if field.has_default:
        arguments["default"] = default_of(field, type_.convert)
    info = dspy.InputField(**arguments) if side == "inputs" else dspy.OutputField(**arguments)
    if type_.limits is not None:
        info.metadata.extend(type_.limits)
        told = constraints_text(field.type).removeprefix(", ")
        # An input has been checked by the time a model reads it.
        if side == "outputs" and told:
            info.json_schema_extra["constraints"] = told
    if name != field.name:
        info.metadata.append(WireName(field.name))
    if type_.annotation is dspy.History and isinstance(field.type, OptionalType):
        info.metadata.append(OptionalHistory())
    return type_.annotation, info
