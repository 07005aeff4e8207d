"""DSPy's adapters, but for this: what a signature's fields look like they write once and not for each call.

That is most of what DSPy does beside a model call: it makes a pydantic adapter of every field each time, and
as those refer to themselves, the garbage collector has its share as well.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import dspy

Signature = type[dspy.Signature]

# By signature, then by adapter. Of a signature only the instructions may change, and those are not in here.
_structures: Final[MutableMapping[Signature, dict[type[Any], str]]] = WeakKeyDictionary()


# Under DSPy's own names, by which it tells them apart.
class JSONAdapter(dspy.JSONAdapter):  # type: ignore[misc]  # dspy has no types
    def format_field_structure(self, signature: Signature) -> str:
        return _once(signature, JSONAdapter, super().format_field_structure)


class ChatAdapter(dspy.ChatAdapter):  # type: ignore[misc]
    def format_field_structure(self, signature: Signature) -> str:
        return _once(signature, ChatAdapter, super().format_field_structure)


class XMLAdapter(dspy.XMLAdapter):  # type: ignore[misc]
    def format_field_structure(self, signature: Signature) -> str:
        return _once(signature, XMLAdapter, super().format_field_structure)


def _once(signature: Signature, adapter: type[Any], describe: Callable[[Signature], str]) -> str:
    known = _structures.setdefault(signature, {})
    found = known.get(adapter)
    if found is None:
        found = known[adapter] = describe(signature)
    return found
