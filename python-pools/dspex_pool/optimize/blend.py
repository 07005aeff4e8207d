"""Which choices to ask together. Pure: a function of what they said of examples with their labels.

Prompts that are right equally often err on different examples: the best are asked together, each as it fits
best, all counted the same. Neither weights nor partners are chosen by how they do together: so few examples
would tell that by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dspex_pool.optimize.fit import Floats, applied_by_folds, fitted, losses_of

DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Blend:
    """Places of the choices with their weights, and what is taken off their sum for each label."""

    of: tuple[int, ...]
    weights: tuple[float, ...]
    offsets: tuple[float, ...]


def blend(said: Sequence[Floats], seen: Sequence[Sequence[bool]], wanted: Sequence[int], most: int) -> Blend:
    """`said[choice][example, label]`: log-probabilities; `seen`: whether the choice was asked for the
    example, which its own demonstrations are not; `wanted`: index of the right label.
    """
    right = np.array(wanted)
    told = [(one[asked], right[asked]) for one, asked in zip(said, np.array(seen), strict=True)]
    losses = [float(losses_of(applied_by_folds(*one), one[1]).mean()) for one in told]
    chosen = sorted(range(len(said)), key=lambda at: (losses[at], at))[:most]
    fits = [fitted(*told[at]) for at in chosen]
    offsets = np.mean([fit.offsets for fit in fits], axis=0)
    return Blend(
        tuple(chosen),
        tuple(round(fit.scale / len(fits), DIGITS) for fit in fits),
        tuple(round(float(one), DIGITS) for one in offsets),
    )
