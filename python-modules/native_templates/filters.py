"""The filters that templates have: the same as in TypeScript, and none of the engine's own."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Final

from liquid.exceptions import FilterError
from liquid.undefined import Undefined

from .values import defined, text_of, to_json

Filter = Callable[..., Any]

_SAFE: Final = 2**53 - 1
FILTERS: Final[dict[str, Filter]] = {}


def _filter(function: Filter) -> Filter:
    """By its name; a value that is missing is an error."""

    @functools.wraps(function)
    def checked(value: Any, *given: Any) -> Any:
        given_value = list(value) if isinstance(value, range) else defined(value)
        return function(given_value, *[defined(one) for one in given])

    FILTERS[function.__name__.rstrip("_")] = checked
    return checked


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise FilterError(f"{what} takes a whole number", token=None)
    return int(value)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise FilterError(f"{what} takes a list", token=None)
    return value


def _member(item: Any, name: str) -> Any:
    if not isinstance(item, dict) or name not in item:
        raise FilterError(f"an item has no {name!r}", token=None)
    return item[name]


def _key(value: Any) -> str:
    """Equal for equal values."""
    if isinstance(value, dict):
        return to_json(dict(sorted(value.items())))
    return to_json(value)


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FilterError(f"{what} takes numbers", token=None)
    return _checked(float(value))


def _checked(value: float) -> float:
    if math.isnan(value) or abs(value) > _SAFE:
        raise FilterError("a number of arithmetic is between ±2^53", token=None)
    return value


def _not_empty(part: str) -> str:
    if part == "":
        raise FilterError("nothing to replace was given", token=None)
    return part


@_filter
def upcase(value: Any) -> str:
    return text_of(value).upper()


@_filter
def downcase(value: Any) -> str:
    return text_of(value).lower()


@_filter
def capitalize(value: Any) -> str:
    text = text_of(value)
    return text[:1].upper() + text[1:].lower()


@_filter
def strip(value: Any) -> str:
    return text_of(value).strip()


@_filter
def lstrip(value: Any) -> str:
    return text_of(value).lstrip()


@_filter
def rstrip(value: Any) -> str:
    return text_of(value).rstrip()


@_filter
def strip_newlines(value: Any) -> str:
    return text_of(value).replace("\r\n", "").replace("\n", "")


@_filter
def append(value: Any, end: Any) -> str:
    return text_of(value) + text_of(end)


@_filter
def prepend(value: Any, front: Any) -> str:
    return text_of(front) + text_of(value)


@_filter
def replace(value: Any, part: Any, to: Any = "") -> str:
    return text_of(value).replace(_not_empty(text_of(part)), text_of(to))


@_filter
def replace_first(value: Any, part: Any, to: Any = "") -> str:
    return text_of(value).replace(text_of(part), text_of(to), 1)


@_filter
def remove(value: Any, part: Any) -> str:
    return text_of(value).replace(_not_empty(text_of(part)), "")


@_filter
def remove_first(value: Any, part: Any) -> str:
    return text_of(value).replace(text_of(part), "", 1)


@_filter
def split(value: Any, sign: Any) -> list[str]:
    text = text_of(value)
    if not text:
        return []
    return text.split(text_of(sign)) if text_of(sign) else list(text)


@_filter
def truncate(value: Any, most: Any = 50, end: Any = "...") -> str:
    text, behind, length = text_of(value), text_of(end), _whole(most, "truncate")
    return text if len(text) <= length else text[: max(0, length - len(behind))] + behind


@_filter
def truncatewords(value: Any, most: Any = 15, end: Any = "...") -> str:
    words = text_of(value).split()
    count = max(1, _whole(most, "truncatewords"))
    return text_of(value) if len(words) <= count else " ".join(words[:count]) + text_of(end)


@_filter
def slice_(value: Any, start: Any, length: Any = 1) -> Any:
    items = value if isinstance(value, list) else text_of(value)
    given = _whole(start, "slice")
    first = len(items) + given if given < 0 else given
    last = first + max(0, _whole(length, "slice"))
    return items[first:last] if first >= 0 else items[:0]


@_filter
def size(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else len(text_of(value))


def default(value: Any, other: Any) -> Any:
    defined(other)
    nothing = isinstance(value, Undefined) or value is None or value is False or value in ("", [])
    return other if nothing else value


@_filter
def json(value: Any) -> str:
    return to_json(value)


@_filter
def join(value: Any, sign: Any = " ") -> str:
    return text_of(sign).join(map(text_of, _list(value, "join")))


@_filter
def first(value: Any) -> Any:
    return next(iter(_list(value, "first")), None)


@_filter
def last(value: Any) -> Any:
    return next(reversed(_list(value, "last")), None)


@_filter
def reverse(value: Any) -> list[Any]:
    return _list(value, "reverse")[::-1]


@_filter
def concat(value: Any, other: Any) -> list[Any]:
    return _list(value, "concat") + _list(other, "concat")


@_filter
def compact(value: Any) -> list[Any]:
    return [item for item in _list(value, "compact") if item is not None]


@_filter
def uniq(value: Any) -> list[Any]:
    return list({_key(item): item for item in reversed(_list(value, "uniq"))}.values())[::-1]


@_filter
def map_(value: Any, name: Any) -> list[Any]:
    return [_member(item, text_of(name)) for item in _list(value, "map")]


@_filter
def where(value: Any, name: Any, *wanted: Any) -> list[Any]:
    key = text_of(name)
    items = [item for item in _list(value, "where") if isinstance(item, dict) and key in item]
    if not wanted:
        return [item for item in items if item[key] is not None and item[key] is not False]
    return [item for item in items if _key(item[key]) == _key(wanted[0])]


@_filter
def sum_(value: Any, *name: Any) -> float:
    total = 0.0
    for item in _list(value, "sum"):
        total = _checked(total + _number(_member(item, text_of(name[0])) if name else item, "sum"))
    return total


def _second(pair: tuple[Any, Any]) -> Any:
    return pair[1]


@_filter
def sort(value: Any, *name: Any) -> list[Any]:
    keyed = [
        (item, (item.get(text_of(name[0])) if isinstance(item, dict) else None) if name else item)
        for item in _list(value, "sort")
    ]
    keys = [key for _, key in keyed if key is not None]
    texts = all(isinstance(key, str) for key in keys)
    if not texts and not all(isinstance(key, int | float) and not isinstance(key, bool) for key in keys):
        raise FilterError("sort takes numbers or texts, not both or others", token=None)
    ordered: list[tuple[Any, Any]] = sorted((one for one in keyed if one[1] is not None), key=_second)
    return [item for item, _ in [*ordered, *(one for one in keyed if one[1] is None)]]


@_filter
def plus(value: Any, other: Any) -> float:
    return _checked(_number(value, "plus") + _number(other, "plus"))


@_filter
def minus(value: Any, other: Any) -> float:
    return _checked(_number(value, "minus") - _number(other, "minus"))


@_filter
def times(value: Any, other: Any) -> float:
    return _checked(_number(value, "times") * _number(other, "times"))


@_filter
def divided_by(value: Any, other: Any) -> float:
    a, b = _number(value, "divided_by"), _number(other, "divided_by")
    if b == 0:
        raise FilterError("division by zero", token=None)
    return _checked(math.floor(a / b) if a.is_integer() and b.is_integer() else a / b)


@_filter
def modulo(value: Any, other: Any) -> float:
    a, b = _number(value, "modulo"), _number(other, "modulo")
    if b == 0:
        raise FilterError("division by zero", token=None)
    return _checked(a - b * math.floor(a / b))


@_filter
def at_least(value: Any, other: Any) -> float:
    return max(_number(value, "at_least"), _number(other, "at_least"))


@_filter
def at_most(value: Any, other: Any) -> float:
    return min(_number(value, "at_most"), _number(other, "at_most"))


@_filter
def abs_(value: Any) -> float:
    return math.fabs(_number(value, "abs"))


@_filter
def ceil(value: Any) -> float:
    return math.ceil(_number(value, "ceil"))


@_filter
def floor(value: Any) -> float:
    return math.floor(_number(value, "floor"))


@_filter
def round_(value: Any, places: Any = 0) -> float:
    number, digits = _number(value, "round"), _number(places, "round")
    if not digits.is_integer() or not 0 <= digits <= 12:
        raise FilterError("round takes 0 to 12 places", token=None)
    scale = 10**digits
    rounded = math.floor(math.fabs(number) * scale + 0.5) / scale
    return _checked(math.copysign(rounded, number))


FILTERS["default"] = default
