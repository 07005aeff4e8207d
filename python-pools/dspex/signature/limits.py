"""Constraints compiled to predicates on Python values; None where a type has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sized
from typing import Any

from .ast import BytesType, DictType, FloatType, IntType, ListType, StrType
from .patterns import searcher

Predicate = Callable[[Any], bool]


def length_limit(type_: StrType | BytesType | ListType | DictType) -> Callable[[Sized], bool] | None:
    low, high = type_.min_length, type_.max_length
    if low is None and high is None:
        return None
    lowest, highest = low or 0, math.inf if high is None else high
    return lambda value: lowest <= len(value) <= highest


def str_limit(type_: StrType) -> Predicate | None:
    length = length_limit(type_)
    if type_.pattern is None:
        return length
    # RE2 searches in time linear in the value, whatever the pattern is.
    search = searcher(type_.pattern)
    if length is None:
        return lambda value: search(value) is not None
    return lambda value: length(value) and search(value) is not None


def number_limit(type_: IntType | FloatType) -> Predicate | None:
    """Integers and floats compare exactly with one another; NaN fits no bound."""
    checks = [
        *_bounds(type_.ge, lambda limit: lambda value: value >= limit),
        *_bounds(type_.gt, lambda limit: lambda value: value > limit),
        *_bounds(type_.le, lambda limit: lambda value: value <= limit),
        *_bounds(type_.lt, lambda limit: lambda value: value < limit),
    ]
    step = type_.multiple_of
    if step is not None:
        checks.append(_int_multiple(int(step)) if isinstance(type_, IntType) else _float_multiple(step))
    if len(checks) < 2:
        return checks[0] if checks else None
    return lambda value: all(check(value) for check in checks)


def _bounds(limit: int | float | None, make: Callable[[Any], Predicate]) -> list[Predicate]:
    return [] if limit is None else [make(limit)]


def _int_multiple(step: int) -> Predicate:
    return lambda value: value % step == 0


def _float_multiple(step: int | float) -> Predicate:
    """As near as floats can tell; TypeScript computes the same."""
    try:
        divisor = float(step)
    except OverflowError:
        # Beyond every double: only zero is a multiple.
        return lambda value: value == 0

    def is_multiple(value: float) -> bool:
        quotient = value / divisor
        if not math.isfinite(quotient):
            return False
        return abs(quotient - math.floor(quotient + 0.5)) <= 1e-9 * max(1.0, abs(quotient))

    return is_multiple
