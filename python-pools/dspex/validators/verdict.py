"""What every check says of a value: `{"valid", "score", "problems"}`, places in code points."""

from __future__ import annotations

import json
import re
from typing import Any, Final

Verdict = dict[str, Any]
Problem = dict[str, Any]

MAX_PROBLEMS: Final = 100
MAX_QUOTED: Final = 80
# White space as JavaScript has it.
SPACE: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
SPACES: Final = (
    "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_INDEX: Final = re.compile("0|[1-9][0-9]{0,9}")
_NO_INDEX: Final = 2**32 - 1


def problem(message: str, start: int, end: int, path: str = "$") -> Problem:
    return {"path": path, "message": message, "span": {"start": start, "end": end}}


def verdict(problems: list[Problem], score: float | None = None) -> Verdict:
    return {"valid": not problems, "score": score, "problems": problems[:MAX_PROBLEMS]}


def invalid(message: str, path: str = "$") -> Verdict:
    return verdict([{"path": path, "message": message, "span": None}])


def no_text(value: Any) -> Verdict:
    return invalid(f"expected text, got {kind_of(value)}")


def share(right: int, everything: int) -> float | None:
    return right / everything if everything else None


def mean(numbers: list[float]) -> float | None:
    """Added one after the other, as in TypeScript: `sum` is more exact in later versions of Python."""
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers) if numbers else None


def kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {str: "text", int: "number", float: "number", list: "list"}
    return names.get(type(value), "object")


def quoted(text: str) -> str:
    return json.dumps(f"{text[:MAX_QUOTED]}…" if len(text) > MAX_QUOTED else text, ensure_ascii=False)


def member_path(path: str, key: str) -> str:
    simple = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key)
    return f"{path}.{key}" if simple else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def members_of(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """In the order in which JavaScript has them: names that are whole numbers first, by size."""
    members = list(value.items())
    if any(_INDEX.fullmatch(key) for key in value):
        members.sort(key=lambda one: min(int(one[0]), _NO_INDEX) if _INDEX.fullmatch(one[0]) else _NO_INDEX)
    return members


def texts_in(value: Any) -> list[tuple[str, str]]:
    """The texts of a JSON value with their paths."""
    found: list[tuple[str, str]] = []
    waiting = [("$", value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, str):
            found.append((path, one))
        elif isinstance(one, list):
            waiting += [(f"{path}[{at}]", one[at]) for at in range(len(one) - 1, -1, -1)]
        elif isinstance(one, dict):
            waiting += [(member_path(path, key), member) for key, member in reversed(members_of(one))]
    return found
