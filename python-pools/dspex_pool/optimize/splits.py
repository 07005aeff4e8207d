"""Examples → train, validation and test, so that nothing of one is known in another. Pure.

What decides is a hash of the canonical inputs: the same inputs are in the same part however often they come,
in whatever order, and whatever else is in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from dspex.errors import DspexError
from dspex_pool.optimize.job import Row

"""Shares of validation and test in data that says nothing itself, in parts of 100."""
VALIDATION_SHARE: Final = 20
TEST_SHARE: Final = 30
LEAST_TRAIN: Final = 4
LEAST_TEST: Final = 4


@dataclass(frozen=True, slots=True)
class Example:
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    """Of the canonical inputs; orders examples without leaning to any."""
    key: str


@dataclass(frozen=True, slots=True)
class Splits:
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    """Of all examples with their outputs, in no order."""
    data_hash: str
    """Examples that said again what another one says."""
    duplicates: int


def split_rows(rows: Sequence[Row], test_rows: int, at: str = "rows") -> Splits:
    """`at`: where the caller gave them.

    @raises DspexError `invalid_inputs` for too few examples, or one that is in two parts
    """
    known: dict[str, tuple[Example, str | None]] = {}
    duplicates = 0
    for number, row in enumerate(rows, start=1):
        place = f"{at}[{number - 1}]"
        key = _digest(row.inputs, place)
        part: str | None = "test" if row.split == "heldout" else row.split
        seen = known.get(key)
        if seen is None:
            known[key] = (Example(row.inputs, row.outputs, key), part)
            continue
        duplicates += 1
        if seen[1] != part:
            raise DspexError(
                "invalid_inputs",
                f"example {number} has the inputs of another one but is in {part or 'no part'} "
                f"instead of {seen[1] or 'no part'}: it would leak",
                path=f"{place}.split",
            )
        if _digest(seen[0].outputs, place) != _digest(row.outputs, place):
            raise DspexError(
                "invalid_inputs",
                f"example {number} has the inputs of another one and other outputs",
                path=place,
            )
    parts: dict[str, list[Example]] = {"train": [], "validation": [], "test": []}
    says_test = any(part == "test" for _, part in known.values())
    says_validation = any(part == "validation" for _, part in known.values())
    for key in sorted(known):
        example, part = known[key]
        parts[_part_of(key, part, says_test, says_validation)].append(example)
    _check(parts, at)
    lines = sorted(_digest([row.inputs, row.outputs], at) for row in rows)
    data_hash = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return Splits(
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"][:test_rows]),
        data_hash=data_hash,
        duplicates=duplicates,
    )


def _part_of(key: str, part: str | None, says_test: bool, says_validation: bool) -> str:
    """A file may mark its test half alone; validation is then taken from the rest."""
    if part == "test" or part == "validation":
        return part
    # Digits that do not order the examples within their part.
    place = int(key[-8:], 16) % 100
    if not says_validation and place < VALIDATION_SHARE:
        return "validation"
    if part is None and not says_test and place >= 100 - TEST_SHARE:
        return "test"
    return "train"


def _check(parts: dict[str, list[Example]], at: str) -> None:
    train, test = len(parts["train"]), len(parts["test"])
    if train < LEAST_TRAIN or test < LEAST_TEST:
        raise DspexError(
            "invalid_inputs",
            f"too few examples: {train} to learn from and {test} held out, "
            f"at least {LEAST_TRAIN} and {LEAST_TEST} are needed",
            path=at,
        )


def _digest(value: Any, at: str) -> str:
    try:
        return hashlib.sha256(rfc8785.dumps(value)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise DspexError("invalid_inputs", f"an example has no canonical form: {error}", path=at) from None
