"""JSON as it goes over the wire: integers of any size as digits, no NaN, no lone surrogates, bounded depth.

`canonical_json` is RFC 8785, which hashes are taken of: members sorted by UTF-16 units, floats as ECMAScript
writes them and, beyond that RFC, integers of any size as their digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring
from typing import Any, Final

import msgspec
import orjson

from .signature.numbers import es6_number
from .signature.shorten import json_text, shorten

# How many lists and objects may lie within one another.
MAX_DEPTH: Final = 128
# Characters of an integer; reading one takes time quadratic in them.
MAX_DIGITS: Final = 1_000
# A member of this name would change the prototype of what JavaScript copies it into.
_FORBIDDEN_KEY: Final = "__proto__"
# Fewer bits than MAX_DIGITS digits have.
_SURE_BITS: Final = 3 * MAX_DIGITS
# A run of MAX_DIGITS digits shows as this many in every _STRIDE-th byte.
_STRIDE: Final = 50
_LONG_RUN: Final = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS // _STRIDE))
# Subclasses and dates are refused instead of written in a form that nobody asked for.
_OPTIONS: Final = (
    orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
)


class WireJsonError(ValueError):
    """Bytes that are no JSON of ours, or a value that JSON cannot say; the same again fails again."""

    retryable = False


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Raises `WireJsonError`, and nothing else."""
    try:
        raw = data.encode() if isinstance(data, str) else bytes(data)
        # Not orjson, which silently reads integers beyond 64 bits as floats.
        value = msgspec.json.decode(raw)
    except RecursionError as error:
        raise WireJsonError(f"json nested more than {MAX_DEPTH} deep") from error
    except ValueError as error:
        raise WireJsonError(f"no json: {error}") from error
    if _needs_care(raw):
        _inspect(value, MAX_DEPTH)
    return value


def dumps(value: Any) -> bytes:
    """Raises `WireJsonError` for what JSON cannot say, and nothing else."""
    try:
        data = orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        # Integers beyond 64 bits, which the slow way writes, or something that it refuses by name.
        return _text(value, repr, _unsorted, MAX_DEPTH).encode()
    # orjson writes NaN as null, so a null must be looked into.
    if b"null" in data or _needs_care(data):
        _inspect(value, MAX_DEPTH)
    return data


def canonical_json(value: Any) -> str:
    """Raises `WireJsonError` for what JSON cannot say, and nothing else."""
    return _text(value, es6_number, _sorted, MAX_DEPTH)


def _needs_care(data: bytes) -> bool:
    """Whether there may be too deep a nesting, too long an integer or the forbidden key; never misses one.

    Ordinary messages have fewer brackets altogether than may lie within one another.
    """
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH or b"__proto__" in data or b"\\u00" in data:
        return True
    return len(data) >= MAX_DIGITS and _LONG_RUN.search(data[::_STRIDE]) is not None


def _inspect(value: Any, depth: int) -> None:
    """Of what a parser or orjson has let through, only these are left to be refused."""
    kind = type(value)
    if kind is int and value.bit_length() > _SURE_BITS:
        _digits(value)
    elif kind is float and not math.isfinite(value):
        raise WireJsonError(f"json has no {value}")
    elif kind is list or kind is tuple or kind is dict:
        if depth == 0:
            raise WireJsonError(f"json nested more than {MAX_DEPTH} deep")
        if kind is dict and _FORBIDDEN_KEY in value:
            raise WireJsonError(f'json has no key "{_FORBIDDEN_KEY}"')
        for member in value.values() if kind is dict else value:
            _inspect(member, depth - 1)


Sort = Callable[[Mapping[Any, Any]], Iterable[tuple[Any, Any]]]


def _unsorted(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    return value.items()


def _sorted(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    keys = [_key(key) for key in value]
    keys.sort(key=None if all(key.isascii() for key in keys) else _utf16_units)
    return [(key, value[key]) for key in keys]


def _utf16_units(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _key(key: Any) -> str:
    if type(key) is not str:
        raise WireJsonError(f"a key is a string, not {shorten(repr(key))}")
    if key == _FORBIDDEN_KEY:
        raise WireJsonError(f'json has no key "{_FORBIDDEN_KEY}"')
    return key


def _text(value: Any, number: Callable[[float], str], sort: Sort, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return _digits(value)
    if kind is float:
        if not math.isfinite(value):
            raise WireJsonError(f"json has no {value}")
        return number(value)
    if depth == 0 and kind in (list, tuple, dict):
        raise WireJsonError(f"json nested more than {MAX_DEPTH} deep")
    if kind is list or kind is tuple:
        return f"[{','.join([_text(item, number, sort, depth - 1) for item in value])}]"
    if kind is dict:
        texts = [(_string(_key(key)), _text(item, number, sort, depth - 1)) for key, item in sort(value)]
        return f"{{{','.join([f'{key}:{text}' for key, text in texts])}}}"
    raise WireJsonError(f"json has no {shorten(kind.__name__)}")


def _string(value: str) -> str:
    quoted = encode_basestring(value)
    if not quoted.isascii():
        try:
            quoted.encode()
        except UnicodeEncodeError as error:
            raise WireJsonError(f"lone surrogate in {shorten(json_text(value))}") from error
    return quoted


def _digits(value: int) -> str:
    try:
        digits = str(value)
    except ValueError:
        digits = ""  # CPython refuses to write more than 4,300
    if not 0 < len(digits) <= MAX_DIGITS:
        raise WireJsonError(f"integer of more than {MAX_DIGITS} digits")
    return digits
