"""The next values to try, by optuna's TPE, with one objective or several: a function of the space, the seed
and the trials so far alone, so that a run that was killed goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from dspex_pool.optimize.variables.job import Measure
from dspex_pool.optimize.variables.space import Space, Values

"""Trials at random before anything is learned from them."""
STARTUP_TRIALS: Final = 6
"""How often the sampler is asked for values that were not tried yet."""
ASKS: Final = 8
"""So many combinations are looked through one by one."""
FEW: Final = 10_000
"""The one constraint that optuna is told of: 0 or less = kept."""
ALLOWED: Final = "allowed"

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True, slots=True)
class Tried:
    values: Values
    """One figure for each objective; None = these values may not be together."""
    figures: tuple[float, ...] | None


def suggest(space: Space, objectives: Sequence[Measure], seed: int, tried: Sequence[Tried]) -> Values | None:
    """`tried`: in order, what there is first. None = everything has been tried."""
    # By their places: as values `1` and `true` would be the same.
    known = [space.point(one.values) for one in tried]
    study = _study(space, objectives, seed, tried)
    for _ in range(ASKS):
        values = space.values(study.ask(space.distributions()).params)
        if space.point(values) not in known:
            return values
    if space.count() > FEW:
        return None
    untried = [values for values in space.all() if space.point(values) not in known]
    return untried[_number(seed, len(tried)) % len(untried)] if untried else None


def _study(space: Space, objectives: Sequence[Measure], seed: int, tried: Sequence[Tried]) -> optuna.Study:
    # A sampler of its own for each trial: one that lived on would depend on how often it had been asked.
    sampler = optuna.samplers.TPESampler(
        seed=_number(seed, len(tried)), n_startup_trials=STARTUP_TRIALS, multivariate=False
    )
    directions = [
        StudyDirection.MAXIMIZE if measure == "quality" else StudyDirection.MINIMIZE for measure in objectives
    ]
    study = optuna.create_study(directions=directions, sampler=sampler)
    distributions = space.distributions()
    for one in tried:
        study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.PRUNED if one.figures is None else TrialState.COMPLETE,
                params=space.point(one.values),
                distributions=distributions,
                values=None if one.figures is None else list(one.figures),
                constraints={ALLOWED: 1.0 if one.figures is None else 0.0},
            )
        )
    return study


def _number(seed: int, trials: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{trials}".encode()).digest()[:4])
