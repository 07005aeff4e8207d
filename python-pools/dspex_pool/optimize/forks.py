"""The places where the labels of a choice part, token by token: at each the model is asked once. Pure.

po│sitive          fork 1: "po" or "neg"
po│litical         fork 2, after "po": "sitive" or "litical"
neg│ative
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fork:
    """Tokens that have been said when it comes."""

    path: tuple[int, ...]
    """Token of each way, and the labels behind it."""
    ways: tuple[tuple[int, tuple[int, ...]], ...]


def forks_of(labels: Sequence[Sequence[int]], end: int) -> list[Fork] | None:
    """`end` follows a label that another one begins with; None where two labels are the same tokens."""
    ended = [(*tokens, end) for tokens in labels]
    if len(set(ended)) < len(ended):
        return None
    forks: list[Fork] = []

    def walk(among: tuple[int, ...], depth: int) -> None:
        if len(among) < 2:
            return
        ways: dict[int, list[int]] = {}
        for label in among:
            ways.setdefault(ended[label][depth], []).append(label)
        if len(ways) > 1:
            path = ended[among[0]][:depth]
            forks.append(Fork(path, tuple((token, tuple(behind)) for token, behind in ways.items())))
        for behind in ways.values():
            walk(tuple(behind), depth + 1)

    walk(tuple(range(len(ended))), 0)
    return forks
