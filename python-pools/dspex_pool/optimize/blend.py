"""Which choices to ask together, and how much each one's word counts. Pure: a function of what they said of
the same examples.

Prompts that are right equally often err on different examples. Greedy: the one that says most, then whichever
adds most to it, as long as it adds anything on examples that its weight was not fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FOLDS: Final = 8
"""Weights are pulled to nothing by so much: few examples tell them roughly."""
RIDGE: Final = 0.01
STEPS: Final = 200
RATE: Final = 0.5
"""Another prompt costs another call: it has to make up for it."""
LEAST_GAIN: Final = 0.005
DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Blend:
    """Places of the choices, with their weights."""

    of: tuple[int, ...]
    weights: tuple[float, ...]


def blend(said: Sequence[Floats], seen: Sequence[Sequence[bool]], wanted: Sequence[int], most: int) -> Blend:
    """`said[choice][example, label]`: log-probabilities; `seen`: whether the choice was asked for the
    example, which its own demonstrations are not; `wanted`: index of the right label.
    """
    asked = np.array(seen)
    right = np.array(wanted)
    chosen: list[int] = []
    best = float("inf")
    while len(chosen) < min(most, len(said)):
        losses = [
            (_loss([*chosen, other], said, asked, right), other)
            for other in range(len(said))
            if other not in chosen
        ]
        loss, other = min(losses)
        if loss > best - LEAST_GAIN:
            break
        chosen.append(other)
        best = loss
    kept = asked[chosen].all(axis=0)
    features, scales = _features([said[one][kept] for one in chosen])
    weights = _fitted(features, right[kept]) / scales
    return Blend(tuple(chosen), tuple(round(float(weight), DIGITS) for weight in weights))


def _loss(chosen: list[int], said: Sequence[Floats], asked: NDArray[Any], right: NDArray[Any]) -> float:
    """Of examples that neither weights nor means were fitted on; infinite where one speaks against itself."""
    kept = np.flatnonzero(asked[chosen].all(axis=0))
    if len(kept) < 2 * FOLDS:
        return float("inf")
    folds = np.arange(len(kept)) % FOLDS
    losses: list[Floats] = []
    for fold in range(FOLDS):
        here, others = kept[folds == fold], kept[folds != fold]
        features, scales = _features([said[one][others] for one in chosen])
        weights = _fitted(features, right[others])
        if (weights <= 0).any():
            return float("inf")
        centres = [said[one][others].mean(axis=0) for one in chosen]
        unseen = np.stack(
            [(said[one][here] - centre) for one, centre in zip(chosen, centres, strict=True)], axis=1
        )
        losses.append(_negative_logs(unseen / scales[None, :, None], weights, right[here]))
    return float(np.concatenate(losses).mean())


def _features(said: Sequence[Floats]) -> tuple[Floats, Floats]:
    """`[example, choice, label]` without what each leans to, all of one scale."""
    centred = np.stack([one - one.mean(axis=0) for one in said], axis=1)
    scales = np.maximum(centred.std(axis=(0, 2)), 1e-9)
    return centred / scales[None, :, None], scales


def _fitted(features: Floats, right: NDArray[Any]) -> Floats:
    """Weights by which the right labels are likeliest, by gradient descent: the problem is convex."""
    examples, choices, _ = features.shape
    weights = np.full(choices, 1.0 / choices)
    wanted = features[np.arange(examples), :, right]
    for _ in range(STEPS):
        shares = _shares(features, weights)
        expected = np.einsum("nl,npl->np", shares, features)
        gradient = (expected - wanted).mean(axis=0) + 2 * RIDGE * weights
        weights = weights - RATE * gradient
    return weights


def _shares(features: Floats, weights: Floats) -> Floats:
    logits = np.einsum("p,npl->nl", weights, features)
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = exps / exps.sum(axis=1, keepdims=True)
    return shares


def _negative_logs(features: Floats, weights: Floats, right: NDArray[Any]) -> Floats:
    shares = _shares(features, weights)
    logs: Floats = -np.log(np.maximum(shares[np.arange(len(right)), right], 1e-12))
    return logs
