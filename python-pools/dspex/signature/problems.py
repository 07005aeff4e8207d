"""Problems while values are walked: paths grow from the inside out, so a value that fits costs nothing."""

from __future__ import annotations

import re
from typing import Any, Final

from .describe import describe_value
from .errors import Problem
from .shorten import json_text

# Of a hostile value nobody wants ten thousand problems.
MAX_PROBLEMS: Final = 20
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Found:
    """A problem whose path is still being prefixed; `parts` is the path from its end."""

    __slots__ = ("expected", "field", "got", "parts")

    def __init__(self, expected: str, got: str) -> None:
        self.expected = expected
        self.got = got
        self.parts: list[str] = []
        self.field = ""

    def problem(self, side: str) -> Problem:
        return Problem(side + "".join(reversed(self.parts)), self.field, self.expected, self.got)


Problems = list[Found]


def report(problems: Problems, expected: str, value: Any) -> None:
    if len(problems) < MAX_PROBLEMS:
        problems.append(Found(expected, describe_value(value)))


def prefix(problems: Problems, since: int, part: str) -> None:
    for found in problems[since:]:
        found.parts.append(part)


def prefix_member(problems: Problems, since: int, key: str) -> None:
    """`.name`, or `["any other key"]`; the outermost key is the one that stays as the field."""
    part = f".{key}" if _NAME.fullmatch(key) else f"[{json_text(key)}]"
    for found in problems[since:]:
        found.parts.append(part)
        found.field = key
