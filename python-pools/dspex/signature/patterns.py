"""Patterns matched by RE2, in time linear in the value, searched for anywhere in it as JSON Schema does."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, cast

import re2

from .pattern_subset import PatternRefusedError, check_subset

# Measured to hold the largest pattern that the subset's cost allows; where the automaton would need more, RE2
# goes on without it, slower but as linear.
_MAX_MEMORY_BYTES: Final = 8 * 1024 * 1024


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY_BYTES
    return re2.compile(pattern, options)


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern is refused, None where it is not."""
    try:
        check_subset(pattern)
        searcher(pattern)
    except PatternRefusedError as refused:
        return str(refused)
    except (re2.error, UnicodeEncodeError) as error:
        return str(error)
    return None


@lru_cache(maxsize=256)
def searcher(pattern: str) -> Callable[[str], object]:
    """A function that is truthy where the pattern occurs; only for what `pattern_problem` lets through."""
    return cast("Callable[[str], object]", _compile(pattern).search)
