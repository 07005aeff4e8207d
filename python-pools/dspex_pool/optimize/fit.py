"""By which scale and offsets what a prompt says of the labels fits the right ones best. Pure.

A model leans to some labels whatever it reads, and not by the mean of what it says: where some inputs carry
it away, the border lies elsewhere. Examples with their labels tell where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FOLDS: Final = 8
"""Scale and offsets are pulled to those of a prompt that says nothing: few examples tell them roughly."""
RIDGE: Final = 0.001
STEPS: Final = 25
HALVINGS: Final = 20
CLOSE: Final = 1e-9
"""Of a prompt that says the contrary of what is right: it is not listened to."""
LEAST_SCALE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Fit:
    """A label is as likely as `scale` · what is said of it, less its offset, among the labels."""

    scale: float
    offsets: tuple[float, ...]

    def applied(self, said: Floats) -> Floats:
        applied: Floats = said * self.scale - np.array(self.offsets)
        return applied


def fitted(said: Floats, right: Sequence[int] | NDArray[Any]) -> Fit:
    """`said[example, label]`: log-probabilities; `right`: index of each example's label."""
    wanted = np.asarray(right)
    centre = said.mean(axis=0)
    spread = max(float((said - centre).std()), 1e-9)
    heard = (said - centre) / spread
    theta = _likeliest(heard, wanted)
    if theta[0] <= 0:
        theta = _likeliest(np.zeros_like(heard), wanted)
    scale = max(float(theta[0]) / spread, LEAST_SCALE)
    offsets = scale * centre - theta[1:]
    return Fit(scale, tuple(float(one) for one in offsets - offsets.mean()))


def fold_of(count: int) -> NDArray[np.int64]:
    """Of each example, by its place."""
    return np.arange(count) % min(FOLDS, count)


def applied_by_folds(said: Floats, right: Sequence[int] | NDArray[Any]) -> Floats:
    """Each example by what the other folds tell: what is judged never takes part in it."""
    wanted, folds = np.asarray(right), fold_of(len(said))
    applied = np.zeros_like(said)
    for fold in np.unique(folds):
        here = folds == fold
        # One example alone has no others.
        others = ~here if (~here).any() else here
        applied[here] = fitted(said[others], wanted[others]).applied(said[here])
    return applied


def losses_of(applied: Floats, right: Sequence[int] | NDArray[Any]) -> Floats:
    """Negative logarithms of how likely each example's label was found."""
    losses: Floats = _all(applied) - applied[np.arange(len(applied)), np.asarray(right)]
    return losses


def _likeliest(said: Floats, right: NDArray[Any]) -> Floats:
    """`(scale, addend of each label)`, by Newton's method: the problem is convex."""
    examples, labels = said.shape
    features = np.concatenate(
        [said[:, :, None], np.broadcast_to(np.eye(labels), (examples, labels, labels))], axis=2
    )
    wanted = features[np.arange(examples), right]
    theta = np.zeros(labels + 1)

    def loss(at: Floats) -> float:
        logits = features @ at
        return float(losses_of(logits, right).mean() + RIDGE * at @ at)

    for _ in range(STEPS):
        logits = features @ theta
        shares = np.exp(logits - _all(logits)[:, None])
        expected = np.einsum("nl,nlp->np", shares, features)
        slope = (expected - wanted).mean(axis=0) + 2 * RIDGE * theta
        bend = np.einsum("nl,nlp,nlq->pq", shares, features, features) - expected.T @ expected
        step = np.linalg.solve(bend / examples + 2 * RIDGE * np.eye(len(theta)), slope)
        before = loss(theta)
        for _ in range(HALVINGS):
            if loss(theta - step) <= before:
                break
            step = step / 2
        theta = theta - step
        if np.abs(step).max() < CLOSE:
            break
    return theta


def _all(logits: Floats) -> Floats:
    greatest = logits.max(axis=1)
    sums: Floats = greatest + np.log(np.exp(logits - greatest[:, None]).sum(axis=1))
    return sums
