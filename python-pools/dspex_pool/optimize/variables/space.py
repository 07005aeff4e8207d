"""The values that variables may have, as optuna sees them. Pure.

float, integer ─▶ numbers, by their logarithm or in steps
choice, boolean, module ─▶ one of a few, by their place
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from dspex.errors import DspexError
from dspex.messages import (
    BooleanVariableDefinition,
    ChoiceVariableDefinition,
    FloatVariableDefinition,
    IntegerVariableDefinition,
    ModuleVariableDefinition,
    VariableDefinition,
)

"""Digits of a float that is tried: more say nothing that an example could tell."""
DIGITS: Final = 6

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Numbers:
    """From `low` to `high`, in whole steps of `step` where there is one."""

    low: float
    high: float
    step: float | None
    log: bool
    whole: bool

    def distribution(self) -> BaseDistribution:
        if self.step is not None:
            return IntDistribution(0, self._steps())
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)

    def value(self, point: Any) -> Any:
        if self.step is None:
            return int(point) if self.whole else _rounded(point, self.low, self.high)
        value = self.low + point * self.step
        return round(value) if self.whole else round(value, 12)

    def point(self, value: Any) -> Any:
        return value if self.step is None else round((value - self.low) / self.step)

    def count(self) -> float:
        if self.step is not None:
            return self._steps() + 1
        return self.high - self.low + 1 if self.whole else math.inf

    def points(self) -> Sequence[Any]:
        return range(self._steps() + 1) if self.step is not None else range(int(self.low), int(self.high) + 1)

    def _steps(self) -> int:
        # As far as doubles tell: (0.3 - 0) / 0.1 is a little less than 3.
        return math.floor((self.high - self.low) / (self.step or 1) + 1e-9)


@dataclass(frozen=True, slots=True)
class Choices:
    values: tuple[Any, ...]

    def distribution(self) -> BaseDistribution:
        return CategoricalDistribution(tuple(range(len(self.values))))

    def value(self, point: Any) -> Any:
        return self.values[point]

    def point(self, value: Any) -> Any:
        for place, one in enumerate(self.values):
            # `1` is not `true`.
            if one == value and isinstance(one, bool) == isinstance(value, bool):
                return place
        raise DspexError("invalid_inputs", f"{value!r} is none of {self.values!r}")

    def count(self) -> float:
        return len(self.values)

    def points(self) -> Sequence[Any]:
        return range(len(self.values))


Dimension = Numbers | Choices


class Space:
    """Variables by name; values of all of them at once are a point."""

    def __init__(self, dimensions: Mapping[str, Dimension]) -> None:
        self.dimensions = dict(dimensions)

    def distributions(self) -> dict[str, BaseDistribution]:
        return {name: dimension.distribution() for name, dimension in self.dimensions.items()}

    def values(self, point: Mapping[str, Any]) -> Values:
        return {name: dimension.value(point[name]) for name, dimension in self.dimensions.items()}

    def point(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: dimension.point(values[name]) for name, dimension in self.dimensions.items()}

    def count(self) -> float:
        return math.prod(dimension.count() for dimension in self.dimensions.values())

    def all(self) -> Sequence[Values]:
        """Only where they are few."""
        names = list(self.dimensions)
        combined = product(*(self.dimensions[name].points() for name in names))
        return [self.values(dict(zip(names, points, strict=True))) for points in combined]


def space_of(definitions: Sequence[VariableDefinition]) -> Space:
    """@raises DspexError for a variable that has no values to choose from."""
    return Space({definition.name: _dimension(definition) for definition in definitions})


def _dimension(definition: VariableDefinition) -> Dimension:
    match definition:
        case FloatVariableDefinition(min=low, max=high, step=step, log=log):
            return Numbers(low, high, step, log is True, whole=False)
        case IntegerVariableDefinition(min=low, max=high, step=step, log=log):
            # A step of 1 would make places of numbers.
            return Numbers(low, high, None if step == 1 else step, log is True, whole=True)
        case ChoiceVariableDefinition(choices=choices) | ModuleVariableDefinition(choices=choices):
            return Choices(tuple(choices))
        case BooleanVariableDefinition():
            return Choices((False, True))
        case _:
            raise DspexError("invalid_inputs", f'variable "{definition.name}" has no values to choose from')


def _rounded(value: float, low: float, high: float) -> float:
    digits = DIGITS - 1 - math.floor(math.log10(abs(value))) if value else DIGITS
    return min(high, max(low, round(value, digits)))
