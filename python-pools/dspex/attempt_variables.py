"""Values of variables, inside of a program that a pool runs.

    @dspex.program(signature="question: str -> answer: str", variables={"voice": "tone"})
    def reply(question: str) -> str:
        return say(question, dspex.variable("voice", "calm"))

They are those of the moment when the attempt was decided: the same from its beginning to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def variable(key: str, otherwise: Any = None) -> Any:
    """The value under a key of the program's `variables`, or of a variable that the request brings itself.

    `otherwise` where there is no such variable, and outside of a pool.
    """
    return _provided[0]().get(key, otherwise) if _provided else otherwise


def provide_variables(values: Callable[[], Mapping[str, Any]] | None) -> None:
    """By the pool, once for its process: those of the attempt that the calling code belongs to."""
    _provided[:] = [] if values is None else [values]


_provided: list[Callable[[], Mapping[str, Any]]] = []
