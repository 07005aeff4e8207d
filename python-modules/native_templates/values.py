"""What a value looks like in a template's output, and how it is escaped: the same as in TypeScript."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import rfc8785
from liquid.exceptions import UndefinedError
from liquid.undefined import Undefined

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN: Final = re.compile(r"[\\`*_{}\[\]<>()#+\-.!|~&=$^]")
_SPACE: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_LINE_BREAKS: Final = re.compile(rf"[ \t]*(?:\r\n|[\r\n\v\f\x85\u2028\u2029])[{_SPACE}]*")
_UNSAFE: Final = re.compile("[<>&\u2028\u2029]")


def defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise UndefinedError(value.hint or f"{value.name!r} is undefined", token=value.token)
    return value


def to_json(value: Any) -> str:
    """As `JSON.stringify` writes it: no spaces, ES6 numbers, members in their order."""
    defined(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(key)}:{to_json(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(to_json, value)) + "]"
    if isinstance(value, float):
        return rfc8785.dumps(value).decode()
    return json.dumps(value, ensure_ascii=False)


def text_of(value: Any) -> str:
    if isinstance(defined(value), str):
        return str(value)
    return "" if value is None else to_json(value)


def escape_for(target: str, value: Any) -> str:
    if target == "json":
        return _UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", to_json(value))
    text = text_of(value)
    if target == "markdown":
        return _MARKDOWN.sub(r"\\\g<0>", _LINE_BREAKS.sub(" ", text))
    if target == "xml":
        text = _NOT_XML.sub("\ufffd", text)
    if target in ("html", "xml"):
        return re.sub("[&<>\"']", lambda sign: _ENTITIES[sign[0]], text)
    return text
