"""What can be wrong with a signature's text, its AST or the values given for it.

SignatureProblem (ValueError)
├── SignatureError   the text or the AST: offset, word, message
└── ValuesError      the values: code invalid_inputs | output_invalid, up to 20 problems
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ValuesCode = Literal["invalid_inputs", "output_invalid"]


class SignatureProblem(ValueError):  # noqa: N818  # the root; its members are named Error
    """The root of the family; the same signature or value fails again, so nobody retries."""

    retryable = False


class SignatureError(SignatureProblem):
    """`offset` counts code points from 0; `word` is what stands there, in an AST its path."""

    def __init__(self, message: str, offset: int = 0, word: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.word = word


@dataclass(frozen=True, slots=True)
class Problem:
    """One value that does not fit; `path` starts with `inputs` or `outputs`."""

    path: str
    field: str
    expected: str
    got: str

    def to_json(self) -> dict[str, str]:
        return {"path": self.path, "field": self.field, "expected": self.expected, "got": self.got}


class ValuesError(SignatureProblem):
    """Every problem that was found, so that a caller mends them in one round."""

    def __init__(self, code: ValuesCode, problems: list[Problem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.path}: expected {first.expected}, got {first.got}{more}")
        self.code = code
        self.problems = problems
