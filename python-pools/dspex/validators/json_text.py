"""The JSON in a text. Where it stands is found as in TypeScript; what is broken is repaired by json_repair,
which agrees with jsonrepair on what is broken in the usual ways and guesses otherwise elsewhere.
"""

from __future__ import annotations

import re
from typing import Any, Final

import json_repair

from dspex.errors import DspexError
from dspex.wire_json import loads

from .schema import check_schema
from .verdict import Verdict, invalid, no_text, verdict

MAX_REPAIRED: Final = 65_536
MAX_CANDIDATES: Final = 20
MAX_DEPTH: Final = 128
_JSON_SPACE: Final = " \t\r\n"
_OPENS_VALUE: Final = re.compile(
    r"""\{[ \t\r\n]{0,1000}(?:["'}]|[A-Za-z_$][A-Za-z0-9_$]{0,100}[ \t\r\n]{0,100}:)"""
    r"""|\[[ \t\r\n]{0,1000}(?:["'\]{\[0-9-]|true|false|null|True|False|None)"""
)
_FENCE: Final = re.compile(r"```[A-Za-z]{0,10}[ \t\r\n]{0,10}\Z")
_OPENER: Final = {"}": "{", "]": "["}


def read_json(text: str, want: str = "any", *, repair: bool = True) -> tuple[Any, str]:
    """The value and how it was there. @raises DspexError where there is none."""
    try:
        value = loads(text.strip())
        if _is_wanted(value, want):
            return value, "whole"
    except ValueError:
        pass
    told = "there is no JSON in the text"
    for start, end in _candidates(text)[:MAX_CANDIDATES]:
        part = text[start:end]
        try:
            value, how = loads(part), "extracted"
        except ValueError:
            told = "the text has only broken JSON"
            if not repair or len(part) > MAX_REPAIRED or _too_deep(part):
                continue
            value, how = json_repair.loads(part, skip_json_loads=True), "repaired"
        if _is_wanted(value, want):
            return value, how
    wanted = {"object": ": expected an object", "list": ": expected a list"}.get(want, "")
    raise DspexError("invalid_inputs", told + wanted)


def check_json(value: Any, want: str = "any", allow: str = "whole", schema: Any = None) -> Verdict:
    if not isinstance(value, str):
        return no_text(value)
    try:
        found, how = read_json(value, want, repair=allow == "repaired")
    except DspexError as error:
        return invalid(error.message)
    if allow == "whole" and how != "whole":
        return invalid("there are words around the JSON")
    return verdict([]) if schema is None else check_schema(found, schema)


def _is_wanted(value: Any, want: str) -> bool:
    kinds: dict[str, type] = {"object": dict, "list": list}
    return isinstance(value, kinds.get(want, object))


def _too_deep(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign in "{[(") - (sign in "}])")
        if depth > MAX_DEPTH:
            return True
    return False


def _candidates(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int, int]] = []
    reached = 0
    for start, end in _bracketed(text):
        if start < reached or not _OPENS_VALUE.match(text, start):
            continue
        fenced = _FENCE.search(text[max(0, start - 24) : start]) is not None
        found.append(((len(text) if fenced else 0) + end - start, start, end))
        reached = end
    found.sort(key=lambda one: -one[0])
    return [(start, end) for _, start, end in found]


def _bracketed(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    opened: list[tuple[int, str]] = []
    count = {"{": 0, "[": 0}
    in_string = False
    at = -1
    while at + 1 < len(text):
        at += 1
        sign = text[at]
        if in_string:
            if sign == "\\":
                at += 1
            elif sign in '"\n':
                in_string = False
        elif sign in "{[":
            opened.append((at, sign))
            count[sign] += 1
        elif sign == '"':
            in_string = bool(opened)
        elif sign in _OPENER and count[_OPENER[sign]] > 0:
            while opened:
                start, opener = opened.pop()
                count[opener] -= 1
                if opener == _OPENER[sign]:
                    found.append((start, at + 1))
                    break
    found += [(start, len(text)) for start, _ in opened]
    return sorted(found)
