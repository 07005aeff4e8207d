"""Options of one request: told apart from the inputs by name, and put into their wire form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dspex.codec import decode, to_json
from dspex.errors import DspexError
from dspex.messages import RequestOptions

OPTION_NAMES = frozenset({"id", *RequestOptions.__struct_fields__})
_WIRE_NAME = dict(zip(RequestOptions.__struct_fields__, RequestOptions.__struct_encode_fields__, strict=True))


class Asked(NamedTuple):
    """What a caller wrote, sorted out."""

    inputs: dict[str, Any]
    chosen_id: str | None
    # In wire form, as they count in the request's hash.
    options: dict[str, Any]


def sort_out(
    inputs: Mapping[str, Any] | None, keywords: Mapping[str, Any], input_names: frozenset[str] | None
) -> Asked:
    """Keywords named like an option are options, the others are inputs. Raises `invalid_inputs`."""
    values = dict(inputs or {})
    options: dict[str, Any] = {}
    for name, value in keywords.items():
        if name not in OPTION_NAMES:
            if name in values:
                raise DspexError("invalid_inputs", f'input "{name}" is given twice', path=f"inputs.{name}")
            values[name] = value
        elif inputs is None and input_names is not None and name in input_names:
            raise DspexError(
                "invalid_inputs",
                f'"{name}" is an input and an option: pass the inputs as one mapping',
                path=f"inputs.{name}",
            )
        elif value is not None:
            options[name] = value
    chosen_id = options.pop("id", None)
    if chosen_id is not None and not isinstance(chosen_id, str):
        raise DspexError("invalid_inputs", f"id {chosen_id!r:.80} is not a string", path="id")
    return Asked(values, chosen_id, wire_options(options))


def wire_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """From `{"deadline_ms": 5}` to `{"deadlineMs": 5}`; raises `invalid_inputs` naming the option."""
    given = {_WIRE_NAME[name]: value for name, value in options.items()}
    wire: dict[str, Any] = to_json(decode(RequestOptions, given))
    return wire
