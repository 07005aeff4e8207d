"""Messages from and to bytes. What does not fit its struct is `invalid_inputs` with the path of the first
problem, spelled as in TypeScript (`attempts[0].error.code`).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from dspex.errors import DspexError
from dspex.message import Message
from dspex.messages import Envelope
from dspex.wire_json import WireJsonError, dumps, loads

T = TypeVar("T")

# msgspec would write these as some text that nobody reads back.
_NOT_JSON = (bytes, bytearray, memoryview, datetime, date, time, timedelta, UUID, Decimal)

_AT = re.compile(r"^(?P<message>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_MEMBER = re.compile(r"^Object (?:missing required|contains unknown) field `(?P<member>[^`]*)`$")


def decode(kind: type[T], value: Any) -> T:
    """A JSON value as `kind`, or `invalid_inputs`. `kind` may be a union such as `Control`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def decode_bytes(kind: type[T], body: bytes) -> T:
    try:
        value = loads(body)
    except WireJsonError as error:
        raise DspexError("invalid_inputs", str(error)) from error
    return decode(kind, value)


def to_json(message: Any) -> Any:
    """The JSON value of a message: what is None is left out. Values of users are in wire form already: what
    is not is left as it is, for the writer to refuse."""
    return msgspec.to_builtins(message, builtin_types=_NOT_JSON)


def encode(message: Any) -> bytes:
    """Raises `invalid_inputs` for a value inside that JSON cannot say."""
    try:
        return dumps(to_json(message))
    except (WireJsonError, TypeError) as error:
        raise DspexError("invalid_inputs", str(error)) from error


def decode_event(kind: type[T], body: bytes) -> tuple[Envelope, T]:
    """A CloudEvent and its data."""
    envelope = decode_bytes(Envelope, body)
    try:
        return envelope, decode(kind, envelope.data)
    except DspexError as error:
        error.path = "data" if error.path is None else f"data.{error.path}"
        raise


def encode_event(
    event_type: str, source: str, event_id: str, at: str, data: Message, traceparent: str | None = None
) -> bytes:
    """`event_id`, `at` and `traceparent` are the caller's: this function is pure."""
    envelope = Envelope(
        specversion="1.0",
        id=event_id,
        source=source,
        type=event_type,
        time=at,
        traceparent=traceparent,
        data=data,
    )
    return encode(envelope)


def _invalid(error: msgspec.ValidationError) -> DspexError:
    found = _AT.match(str(error))
    assert found is not None  # noqa: S101 - the expression matches every text
    message, path = found["message"], found["path"] or ""
    member = _MEMBER.match(message)
    if member is not None:
        path = member["member"] if path == "" else f"{path}.{member['member']}"
    return DspexError("invalid_inputs", message[:1].lower() + message[1:], path=path or None)
