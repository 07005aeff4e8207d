"""One variable event of the log as an observer gets it; and which variables a pattern means. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec

from dspex.client.observe import StoryEvent
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.message import Message
from dspex.messages import (
    VariableChange,
    VariableChanged,
    VariableDeprecated,
    VariableMetric,
    VariableRegistered,
    VariableRejected,
    VariableReset,
    WireError,
)
from dspex.subjects import EventOf, parse_log_subject

_PATTERN = re.compile(r"[A-Za-z0-9_*]{1,128}")

_DATA: dict[str, type[Message]] = {
    "registered": VariableRegistered,
    "changed": VariableChanged,
    "reset": VariableReset,
    "deprecated": VariableDeprecated,
    "rejected": VariableRejected,
}


class VariableUpdate(Message, frozen=True, kw_only=True):
    """One event, as far as it is about the variables that were asked for: one whole change, with what follows
    from a value. One that was refused has no changes but `error`. `time` is the log's, RFC 3339.
    """

    sequence: int
    time: str
    verb: Literal["registered", "changed", "reset", "deprecated", "rejected"]
    by: str
    changes: list[VariableChange] = msgspec.field(default_factory=list)
    reason: str | None = None
    metric: VariableMetric | None = None
    names: list[str] = msgspec.field(default_factory=list)
    error: WireError | None = None


def check_pattern(pattern: str) -> str:
    """Raises `invalid_inputs` for what is no pattern."""
    if _PATTERN.fullmatch(pattern) is None:
        quoted = json.dumps(pattern[:80], ensure_ascii=False)
        text = f"{quoted} is no pattern: a name, with * for any characters"
        raise DspexError("invalid_inputs", text, path="pattern")
    return pattern


def matches_pattern(name: str, pattern: str) -> bool:
    """In time proportional to both, whatever the pattern."""
    first, *others = pattern.split("*")
    if not others:
        return name == pattern
    *middle, last = others
    if not name.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(name) - len(last) >= at and name.endswith(last)


def update_of(event: StoryEvent, pattern: str, seen: dict[str, int]) -> VariableUpdate | None:
    """None = of no variable that is meant, or nothing new: values are told again before the log forgets them.
    `seen` has versions by name and is brought up to date.
    """
    subject = parse_log_subject(event.subject)
    if not isinstance(subject, EventOf) or subject.verb not in _DATA:
        return None
    try:
        data: Any = decode(_DATA[subject.verb], event.data)
    except DspexError:
        # What cannot be read changes nothing, as for the service.
        return None
    common = {"sequence": event.sequence, "time": event.time, "verb": subject.verb, "by": data.by}
    if isinstance(data, VariableRejected):
        names = [name for name in data.names if matches_pattern(name, pattern)]
        if not names:
            return None
        return VariableUpdate(**common, reason=data.reason, names=names, error=data.error)
    changes = _fresh(_changes(data), pattern, seen)
    if not changes:
        return None
    metric = data.metric if isinstance(data, VariableChanged) else None
    return VariableUpdate(**common, reason=data.reason, changes=changes, metric=metric)


def _changes(data: Any) -> list[VariableChange]:
    if isinstance(data, VariableDeprecated):
        return [VariableChange(name=data.definition.name, value=data.value, version=data.version)]
    changes: list[VariableChange] = data.changes
    return changes


def _fresh(changes: list[VariableChange], pattern: str, seen: dict[str, int]) -> list[VariableChange]:
    fresh = [
        change
        for change in changes
        if matches_pattern(change.name, pattern) and change.version > seen.get(change.name, 0)
    ]
    seen.update({change.name: change.version for change in fresh})
    return fresh
