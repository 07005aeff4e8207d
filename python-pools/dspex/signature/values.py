"""Values of a signature, checked, filled and converted; compiled once for each syntax tree.

    wire value ──decode──▶ Python value (every field present) ──encode──▶ wire value

A problem is reported with its path, all of them at once, at most 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .ast import Signature
from .codec import Codec, Direction, compile_fields
from .errors import ValuesCode, ValuesError
from .problems import Problems

Side = Literal["inputs", "outputs"]
_CODES: dict[Side, ValuesCode] = {"inputs": "invalid_inputs", "outputs": "output_invalid"}


def decode_inputs(signature: Signature, wire: Any) -> dict[str, Any]:
    """Defaults filled in, absent optional fields None; raises `ValuesError`."""
    return _run(_codec(signature, "inputs", False), "inputs", wire)


def decode_outputs(signature: Signature, wire: Any) -> dict[str, Any]:
    return _run(_codec(signature, "outputs", False), "outputs", wire)


def encode_inputs(signature: Signature, values: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults are left to the receiver, so that the request says what its sender said."""
    return _run(_codec(signature, "inputs", True), "inputs", values)


def encode_outputs(signature: Signature, values: Any) -> dict[str, Any]:
    """From a mapping, a model or a dspy.Prediction; fills defaults: a result is read without its signature.

    Any other field is refused; for modules that add some, as ChainOfThought does, see `from_dspy_outputs`.
    """
    return _run(_codec(signature, "outputs", True), "outputs", values)


def _codec(signature: Signature, side: Side, to_wire: bool) -> Codec:
    key = (side, to_wire)
    codec: Codec | None = signature.caches.get(key)
    if codec is None:
        direction = Direction(
            to_wire=to_wire,
            fills_none=not to_wire,
            fills_defaults=not to_wire or side == "outputs",
            output_names=frozenset(field.name for field in signature.outputs),
        )
        codec = compile_fields(signature.inputs if side == "inputs" else signature.outputs, direction)
        signature.caches[key] = codec
    return codec


def _run(codec: Codec, side: Side, values: Any) -> dict[str, Any]:
    problems: Problems = []
    converted: dict[str, Any] = codec(values, problems)
    if problems:
        raise ValuesError(_CODES[side], [found.problem(side) for found in problems])
    return converted
