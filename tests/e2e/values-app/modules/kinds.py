"""A user's module for the tests of values: what its inputs are in Python, and outputs that none may be."""

from datetime import date, datetime
from typing import Any

import dspex


@dspex.program(
    "kinds",
    signature="""text: str, whole: int, real: float, yes: bool, raw: bytes, day: date, clock: time,
    moment: datetime, items: list[date], named: dict[str, bytes], thing: {born: date, tags: list[str]},
    one: Literal['a', 2], maybe: datetime | None, other: Any, picture: Image, turns: History
    -> kinds: dict[str, str]""",
)
def kinds(**values: Any) -> dict[str, dict[str, str]]:
    return {"kinds": {name: _kind(value) for name, value in values.items()}}


def _kind(value: Any) -> str:
    name = type(value).__name__
    if isinstance(value, list):
        return f"{name}[{', '.join(_kind(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{name}[{', '.join(f'{key}: {_kind(member)}' for key, member in value.items())}]"
    if isinstance(value, datetime):
        return f"{name} {value.utcoffset()}"
    return name


WRONG: dict[str, dict[str, Any]] = {
    "a lone surrogate": {"text": "\ud800"},
    "no number": {"real": float("nan")},
    "a naive datetime": {"moment": datetime(2026, 11, 24)},
    "a text in place of a date": {"items": [date(2026, 11, 24), "tomorrow"]},
}


@dspex.program(
    "wrong",
    signature="""which: str
    -> text: str | None, real: float | None, moment: datetime | None, items: list[date] | None""",
)
def wrong(which: str) -> dict[str, Any]:
    return WRONG[which]
