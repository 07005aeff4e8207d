"""What the pieces of a compiled JSON Schema share: one check of a value, kept from taking forever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dspex.errors import DspexError
from dspex.wire_json import canonical_json

from .verdict import MAX_PROBLEMS, Problem

MAX_STEPS: Final = 200_000
MAX_DEPTH: Final = 256
"""Subschemas within one another: references that lead in a circle end here."""
CHARACTERS_PER_STEP: Final = 16

Schema = dict[str, Any]


@dataclass(slots=True)
class Run:
    problems: list[Problem] | None
    """None where only the answer counts, as within `anyOf`."""
    steps_left: int
    depth: int = 0


Check = Callable[[Any, str, Run], bool]
"""Tells whether the value fits; where it does not, why."""
Compile = Callable[[Any, str], Check]


class TooManyStepsError(Exception):
    pass


def misfit(message: str, where: str) -> DspexError:
    return DspexError("invalid_inputs", f"schema: {message} at {where}", path="schema")


def report(run: Run, path: str, message: str) -> bool:
    if run.problems is not None and len(run.problems) < MAX_PROBLEMS:
        run.problems.append({"path": path, "message": message, "span": None})
    return False


def counted(checks: list[Check]) -> Check:
    """All of them, as one step."""

    def step(value: Any, path: str, run: Run) -> bool:
        run.steps_left -= 1
        if run.steps_left < 0 or run.depth >= MAX_DEPTH:
            raise TooManyStepsError
        run.depth += 1
        fits = True
        for check in checks:
            if check(value, path, run):
                continue
            fits = False
            if run.problems is None:
                break
        run.depth -= 1
        return fits

    return step


def spend(run: Run, text: str) -> None:
    """Counts what reading it costs, in UTF-16 units as everywhere."""
    units = len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
    run.steps_left -= units // CHARACTERS_PER_STEP
    if run.steps_left < 0:
        raise TooManyStepsError


def canonical_of(value: Any, run: Run) -> str:
    text = canonical_json(value)
    spend(run, text)
    return text


def fits_quietly(check: Check, value: Any, run: Run) -> bool:
    problems, run.problems = run.problems, None
    fits = check(value, "", run)
    run.problems = problems
    return fits


def size_of(schema: Schema, keyword: str, where: str) -> int | None:
    size = schema.get(keyword)
    if size is None:
        return None
    if isinstance(size, float) and size.is_integer():
        size = int(size)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise misfit(f"{keyword} is a whole number from 0 on", where)
    return size
