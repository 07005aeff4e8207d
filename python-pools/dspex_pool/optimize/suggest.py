"""The next point of the search, by optuna: a function of the space, the seed and the trials so far alone, so
that a run that was killed goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import optuna

from dspex_pool.optimize.space import Params, Space

"""A way that is so far behind the best one before anything was guessed is not tried again."""
FAR_BEHIND: Final = 0.25
WAY: Final = "way"

optuna.logging.set_verbosity(optuna.logging.ERROR)


def suggest(space: Space, seed: int, trials: Sequence[tuple[Params, float]]) -> Params:
    """`trials` with their scores, in order; higher is better."""
    first = space.first(len(trials))
    if first is not None:
        return first
    ways = _open_ways(space, trials)
    distributions: dict[str, Any] = {
        name: optuna.distributions.CategoricalDistribution(ways if name == WAY else values)
        for name, values in space.choices.items()
    }
    # A sampler of its own for each trial: one that lived on would depend on how often it had been asked.
    digest = hashlib.sha256(f"{seed}/{len(trials)}".encode()).digest()
    sampler = optuna.samplers.TPESampler(seed=int.from_bytes(digest[:4]), n_startup_trials=6)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for params, score in trials:
        if params[WAY] in ways:
            made = optuna.trial.create_trial(params=params, distributions=distributions, value=score)
            study.add_trial(made)
    tried = [params for params, _ in trials]
    chosen: Params = {}
    # A point that was tried already tells nothing new: the sampler is asked again, a few times.
    for _ in range(8):
        chosen = dict(study.ask(distributions).params)
        if chosen not in tried:
            break
    return {name: chosen[name] for name in space.choices}


def _open_ways(space: Space, trials: Sequence[tuple[Params, float]]) -> tuple[str, ...]:
    ways = space.choices[WAY]
    first = {params[WAY]: score for params, score in trials[: len(ways)]}
    best = max(first.values())
    return tuple(way for way in ways if first[way] > best - FAR_BEHIND)
