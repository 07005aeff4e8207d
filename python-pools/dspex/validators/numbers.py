"""Numbers as people write them in texts, read exactly, and arithmetic: the same as in TypeScript."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

DIGITS: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,9}(?![0-9])|[0-9]{1,40})(?:\.[0-9]{1,40})?"
SCALES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALE_WORDS: Final = "|".join(SCALES)
MAX_BITS: Final = 4_096
MAX_LENGTH: Final = 500


class NotComputedError(Exception):
    """No arithmetic, or too large."""


@dataclass(frozen=True, slots=True)
class Stated:
    value: Fraction
    half_unit: Fraction
    decimals: int

    def agrees(self, exact: Fraction, may_round: bool) -> bool:
        return abs(self.value - exact) <= (self.half_unit if may_round else 0)

    def times(self, factor: int) -> Stated:
        return Stated(self.value * factor, self.half_unit * factor, self.decimals)


def read_stated(
    digits: str, *, negative: bool = False, percent: bool = False, scale: str | None = None
) -> Stated:
    plain = digits.replace(",", "")
    decimals = len(plain.partition(".")[2])
    unit = Fraction(SCALES[scale.lower()] if scale else 1, 100 if percent else 1)
    size = Fraction(plain) * unit
    return Stated(-size if negative else size, unit / 2 / 10**decimals, decimals)


def shown(value: Fraction) -> str:
    text = to_text(value)
    if "/" not in text and len(text) <= 30:
        return text
    return f"about {to_text(Fraction((value * 1_000_000 + Fraction(1, 2)).__floor__(), 1_000_000))}"


def to_text(value: Fraction) -> str:
    rest, places = value.denominator, {2: 0, 5: 0}
    for prime in places:
        while rest % prime == 0:
            rest //= prime
            places[prime] += 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    count = max(places.values())
    if count == 0:
        return str(value.numerator)
    digits = str(abs(value.numerator) * 10**count // value.denominator).rjust(count + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-count]}.{digits[-count:]}"


class _Reader:
    """sum := product (("+"|"-") product)*; product := unary (("*"|"/") unary)*; power binds tighter."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def take(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in signs:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def sum(self) -> Fraction:
        self.depth += 1
        if self.depth > 100:
            raise NotComputedError
        value = self.product()
        while (sign := self.take("+", "-")) is not None:
            other = self.product()
            value = _bounded(value + other if sign == "+" else value - other)
        self.depth -= 1
        return value

    def product(self) -> Fraction:
        value = self.unary()
        while (sign := self.take("*", "/")) is not None:
            other = self.unary()
            value = _bounded(value * other if sign == "*" else value / other)
        return value

    def unary(self) -> Fraction:
        negative = False
        while (sign := self.take("-", "+")) is not None:
            negative ^= sign == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Fraction:
        base = self.atom()
        if self.take("**", "^") is None:
            return base
        self.depth += 1
        exponent = self.unary()
        self.depth -= 1
        return _power(base, exponent)

    def atom(self) -> Fraction:
        if self.take("("):
            value = self.sum()
            if not self.take(")"):
                raise NotComputedError
            return value
        if self.at >= len(self.tokens) or not self.tokens[self.at][0].isdigit():
            raise NotComputedError
        self.at += 1
        return Fraction(self.tokens[self.at - 1])


def compute(tokens: list[str]) -> Fraction:
    """@raises ZeroDivisionError and NotComputedError."""
    if sum(map(len, tokens)) > MAX_LENGTH:
        raise NotComputedError
    reader = _Reader(tokens)
    value = reader.sum()
    if reader.at < len(tokens):
        raise NotComputedError
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        raise NotComputedError
    times = abs(exponent.numerator)
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if size > 1 and times * size > MAX_BITS:
        raise NotComputedError
    return _bounded(base ** int(exponent))


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise NotComputedError
    return value
