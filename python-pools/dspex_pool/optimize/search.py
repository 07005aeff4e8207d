"""Our own search of a program's prompt: single prompts by optuna, then the best of them together.

suggest ─▶ candidate ─▶ measured on train examples that it does not show ─▶ stored ─▶ suggest …  ─▶ blends
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dspex.signature import Signature
from dspex_pool.optimize.blend import blend
from dspex_pool.optimize.candidates import Candidate, Evaluator, Measured
from dspex_pool.optimize.job import Job
from dspex_pool.optimize.meter import BudgetSpentError
from dspex_pool.optimize.prompts import Label, Markup, label_in, labels_of
from dspex_pool.optimize.space import Params, Space, blend_of, candidate_of
from dspex_pool.optimize.splits import Example
from dspex_pool.optimize.steps import Steps, Trial
from dspex_pool.optimize.suggest import suggest

"""Examples that a trial of the search is scored on: of a choice, which costs a call with one token, more."""
MAX_SCORED: Final = 64
MAX_SCORED_CHOICE: Final = 160
"""How many choices are asked together at most, in trials at the end of the search."""
BLENDS: Final = (3, 5)
"""A search of fewer trials has nothing to blend."""
LEAST_TRIALS_TO_BLEND: Final = 10
BLEND: Final = "blend"
"""How much a choice's loss counts beside the share of right answers, which so few examples tell roughly."""
LOSS_WEIGHT: Final = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """A trial with what makes it run."""

    trial: Trial
    candidate: Candidate
    """Keys of the examples that it shows."""
    shown: frozenset[str] = frozenset()


def worth_of(trial: Trial) -> float:
    """By which candidates are compared: two that are right equally often differ in how sure they are."""
    score = min(max(trial.score, 0.0), 1.0)
    loss = (trial.objectives or {}).get("loss")
    if loss is None:
        # Of one that is always as sure as it is right.
        loss = -sum(share * math.log(share) for share in (score, 1 - score) if share > 0)
    return trial.score - LOSS_WEIGHT * loss


class Search:
    def __init__(
        self,
        job: Job,
        signature: Signature,
        space: Space,
        train: Sequence[Example],
        evaluator: Evaluator,
        steps: Steps,
        settings: Mapping[str, Any],
        markup: Markup | None,
    ) -> None:
        """`settings` of every candidate; `markup`: how the model's server writes a conversation down."""
        self._program = job.program
        self._trials = job.trials
        self._seed = job.seed
        self._signature = signature
        self._space = space
        self._train = train
        self._evaluator = evaluator
        self._steps = steps
        self._settings = settings
        self._markup = markup
        """Why it ended before its trials."""
        self.budget_ended: str | None = None

    def run(self) -> list[Found]:
        """Single prompts first, then the best of them together."""
        blends = BLENDS if self._trials >= LEAST_TRIALS_TO_BLEND else ()
        found = self._single(self._trials - len(blends))
        # What shows no demonstrations is the same whichever it would have shown: it counts once.
        choices: list[Found] = []
        for one in found:
            is_whole = (
                one.candidate["kind"] == "choice" and not one.trial.pruned and one.trial.failure is None
            )
            if is_whole and all(_asks(one) != _asks(other) for other in choices):
                choices.append(one)
        for count in blends:
            blended = self._blended(choices, count, found) if self.budget_ended is None else None
            if blended is not None:
                found.append(blended)
        return found

    def _blended(self, choices: Sequence[Found], most: int, found: Sequence[Found]) -> Found | None:
        """None where there are not so many as to make another one."""
        labels = labels_of(self._signature)
        if labels is None or not choices:
            return None
        texts = [label.text for label in labels]
        made = blend(*self._said(choices, labels), most)
        parts = [choices[at] for at in made.of]
        if len(parts) < 2:
            return None
        shown: frozenset[str] = frozenset().union(*(one.shown for one in parts))
        offsets = dict(zip(texts, made.offsets, strict=True))
        candidate = blend_of([one.candidate for one in parts], made.weights, offsets)
        params = {"way": BLEND, "of": [one.trial.trial for one in parts], "weights": list(made.weights)}
        if params in [one.trial.params for one in found]:
            return None
        scored = self._scored(candidate, shown)
        try:
            trial = self._steps.step(
                "candidate", params, lambda: (self._evaluator.measure(candidate, scored), None)
            )
        except BudgetSpentError as error:
            self.budget_ended = str(error)
            return None
        return Found(trial, candidate, shown)

    def _said(
        self, choices: Sequence[Found], labels: Sequence[Label]
    ) -> tuple[list[Any], list[list[bool]], list[int]]:
        """What each choice said of the same examples, read from its trial, so that a run that goes on after a
        crash comes to the same.
        """
        train = self._train
        places = {one.key: at for at, one in enumerate(train)}
        said, seen = [], []
        for one in choices:
            told = (one.trial.measures or {}).get("said", [])
            table, asked = np.zeros((len(train), len(labels))), [False] * len(train)
            for at, example in enumerate(self._scored(one.candidate, one.shown)):
                scores = told[at * len(labels) : (at + 1) * len(labels)]
                if len(scores) == len(labels):
                    table[places[example.key]], asked[places[example.key]] = scores, True
            said.append(table)
            seen.append(asked)
        output = self._signature.outputs[0].name
        return said, seen, [label_in(labels, one.outputs.get(output)) for one in train]

    def _fitted(self, one: Found) -> Found:
        """The choice as it is to be taken, by what it said of the examples."""
        labels = labels_of(self._signature)
        if labels is None or one.candidate["kind"] != "choice" or one.trial.failure is not None:
            return one
        made = blend(*self._said([one], labels), 1)
        offsets = dict(zip([label.text for label in labels], made.offsets, strict=True))
        return Found(one.trial, blend_of([one.candidate], made.weights, offsets), one.shown)

    def _scored(self, candidate: Candidate, shown: frozenset[str]) -> Sequence[Example]:
        most = MAX_SCORED_CHOICE if candidate["kind"] == "choice" else MAX_SCORED
        return [one for one in self._train if one.key not in shown][:most]

    def _single(self, trials: int) -> list[Found]:
        found: list[Found] = []
        tried: list[tuple[Params, float]] = []
        for _ in range(trials):
            params = suggest(self._space, self._seed, tried)
            candidate, shown = candidate_of(
                params,
                self._program,
                self._signature,
                self._train,
                self._settings,
                self._markup,
            )
            scored = self._scored(candidate, shown)
            best = max((one.trial.score for one in found if not one.trial.pruned), default=None)

            def measure(
                candidate: Candidate = candidate,
                scored: Sequence[Example] = scored,
                best: float | None = best,
            ) -> tuple[Measured, None]:
                return self._evaluator.measure(candidate, scored, needed=best), None

            try:
                trial = self._steps.step("candidate", params, measure)
            except BudgetSpentError as error:
                self.budget_ended = str(error)
                break
            tried.append((params, worth_of(trial)))
            found.append(self._fitted(Found(trial, candidate, shown)))
        return found


def _asks(one: Found) -> tuple[Any, Any]:
    return one.candidate["prompt"], one.candidate.get("words")
