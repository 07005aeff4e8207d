"""One optimisation from its data to its result. Blocks: made for a thread.

base on held-out ─▶ trials ─▶ the best three on validation ─▶ the winner on held-out ─▶ compare
each arrow a step that is stored when it is done; trials end early when the budget does
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dspex.errors import DspexError
from dspex.messages import ProgramDefinition
from dspex.signature import Signature
from dspex_pool.errors import classify
from dspex_pool.models import AttemptLM
from dspex_pool.optimize.artifact import artifact_bytes, without_none
from dspex_pool.optimize.candidates import MODULES, Candidate, Evaluator, Measured
from dspex_pool.optimize.dspy_optimisers import DspyOptimiser, choose_optimizer
from dspex_pool.optimize.intervals import difference_of, interval_of
from dspex_pool.optimize.job import Job
from dspex_pool.optimize.meter import VALIDATION_SHARE, WHOLE, BudgetSpentError, Meter
from dspex_pool.optimize.metrics import Judge
from dspex_pool.optimize.prompts import Markup, labels_of, template_of, title
from dspex_pool.optimize.runs import check_rows
from dspex_pool.optimize.search import Found, Search, worth_of
from dspex_pool.optimize.space import MAX_TOKENS, space_of
from dspex_pool.optimize.splits import Splits, split_rows
from dspex_pool.optimize.steps import Steps, Trial, TrialLog

FINALISTS: Final = 3
MAX_DEMOS: Final = 16
NOTHING_TRIED: Final = "not improved: the budget ended before the first trial"
NOTHING_MEASURED: Final = "not improved: no candidate could be measured"
NOT_BETTER: Final = "not improved: on held-out examples the best candidate is not surely better"

logger = logging.getLogger("dspex.optimize")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it; the artifact only where the program got better."""

    report: dict[str, Any]
    artifact: bytes | None


class Optimisation:
    def __init__(
        self,
        job: Job,
        definition: ProgramDefinition,
        signature: Signature,
        evaluator: Evaluator,
        judge: Judge,
        meter: Meter,
        log: TrialLog,
        reflector: AttemptLM,
        *,
        likelihoods: bool,
        markup: Markup | None = None,
    ) -> None:
        """`likelihoods`: the model's server tells them; `markup`: how it writes a conversation down."""
        self._job = job
        self._definition = definition
        self._signature = signature
        self._evaluator = evaluator
        self._judge = judge
        self._meter = meter
        self._reflector = reflector
        self._splits: Splits = split_rows(job.rows, job.test_rows)
        check_rows(job.rows, signature, definition.name, "rows")
        self._space = space_of(
            signature,
            likelihoods=likelihoods,
            max_demos=min(MAX_DEMOS, len(self._splits.train) // 2),
            turns=likelihoods and markup is not None,
        )
        self._markup = markup
        own = bool({"choice", "plain"} & set(self._space.choices["way"]))
        self.optimizer = choose_optimizer(job, self._splits.train, own=own)
        self._steps = Steps(job.run, log, meter, judge)
        self._budget_ended: str | None = None

    def run(self) -> Ran:
        """@raises DspexError"""
        # 1 what there is now
        base = self._base()
        # What it lacks it says before anything is spent.
        optimiser = None if self.optimizer == "search" else self._optimiser(base)
        before = self._steps.step(
            "base",
            {"implementation": str(base["name"])},
            lambda: (self._evaluator.measure(base, self._splits.test, own_calibration=True), None),
        )
        # 2 what there could be
        found = self._search() if optimiser is None else self._dspy(optimiser)
        # 3 the best of it, where none of it was chosen
        self._meter.share = VALIDATION_SHARE
        ranked = sorted(found, key=lambda one: (-worth_of(one.trial), one.trial.trial))
        working = [one for one in ranked if one.trial.failure is None and not one.trial.pruned]
        if not working:
            return self._report(before, None, None)
        winner = self._validated(working[:FINALISTS])
        # 4 how much better it is
        self._meter.share = WHOLE
        after = self._steps.step(
            "test",
            {"trial": winner.trial.trial},
            lambda: (
                self._evaluator.measure(winner.candidate, self._splits.test, own_calibration=True),
                None,
            ),
        )
        return self._report(before, winner, after)

    def _search(self) -> list[Found]:
        search = Search(
            self._job,
            self._signature,
            self._space,
            self._splits.train,
            self._evaluator,
            self._steps,
            self._settings(),
            self._markup,
        )
        found = search.run()
        self._budget_ended = search.budget_ended
        return found

    def _optimiser(self, base: Candidate) -> DspyOptimiser:
        student = base if base["kind"] == "dspy" else _zero_shot(self._settings())
        return DspyOptimiser(
            self.optimizer, self._job, student, self._evaluator, self._splits, self._reflector
        )

    def _dspy(self, optimiser: DspyOptimiser) -> list[Found]:
        validation = self._splits.validation or self._splits.train
        found: list[Found] = []
        for number in range(optimiser.trials):
            params = optimiser.params(number)

            def measure(params: Mapping[str, Any] = params) -> tuple[Measured, Candidate]:
                try:
                    candidate = optimiser.compile(params)
                except Exception as error:
                    # DSPy hides the reason behind "cancelled due to errors": the budget, or the end.
                    self._meter.check_budget()
                    self._evaluator.check()
                    raise classify(error) from error
                return self._evaluator.measure(candidate, validation), candidate

            try:
                trial = self._steps.step("candidate", params, measure)
            except BudgetSpentError as error:
                self._budget_ended = str(error)
                break
            if trial.candidate is not None:
                found.append(Found(trial, trial.candidate))
                optimiser.compiled(trial.trial, trial.score, trial.candidate)
        return found

    def _validated(self, finalists: Sequence[Found]) -> Found:
        """Scores of many trials flatter the best of them: examples that none was chosen by decide."""
        validation = self._splits.validation
        if len(finalists) < 2 or self.optimizer != "search" or not validation:
            return finalists[0]
        scores: list[Trial] = []
        for one in finalists:
            try:
                trial = self._steps.step(
                    "validation",
                    {"trial": one.trial.trial},
                    lambda one=one: (  # type: ignore[misc]
                        self._evaluator.measure(one.candidate, validation, own_calibration=True),
                        None,
                    ),
                )
            except BudgetSpentError as error:
                self._budget_ended = self._budget_ended or str(error)
                return finalists[0]
            scores.append(trial)
        # Both count, by their number of examples.
        weighed = [
            (worth_of(trial) * len(trial.scores) + worth_of(one.trial) * len(one.trial.scores))
            / (len(trial.scores) + len(one.trial.scores))
            for trial, one in zip(scores, finalists, strict=True)
        ]
        return finalists[max(range(len(weighed)), key=lambda index: (weighed[index], -index))]

    def _report(self, before: Trial, winner: Found | None, after: Trial | None) -> Ran:
        base = interval_of(before.scores)
        trials = [one for one in self._steps.done if one.step == "candidate"]
        facts: dict[str, Any] = {
            "run": self._job.run,
            "optimizer": self.optimizer,
            "metric": self._job.metric,
            "seed": self._job.seed,
            "dataHash": self._splits.data_hash,
            "examples": {
                "train": len(self._splits.train),
                "validation": len(self._splits.validation),
                "test": len(self._splits.test),
                "duplicates": self._splits.duplicates,
            },
            "trials": len(trials),
            "base": {"implementation": before.params["implementation"], **base.to_json()},
            # As the last step recorded it: the same however often this is made.
            "cost": self._steps.done[-1].spent,
            "metricFailures": sum(one.metric_failures for one in self._steps.done),
        }
        if self._budget_ended is not None:
            facts["budgetEnded"] = self._budget_ended
        if self._judge.first_failure is not None:
            facts["metricFailure"] = self._judge.first_failure
        program = {"program": self._definition.name, "parent": self._definition.version}
        if winner is None or after is None:
            verdict = NOTHING_MEASURED if trials else NOTHING_TRIED
            return Ran({**program, **facts, "improved": False, "verdict": verdict}, None)
        best, difference = interval_of(after.scores), difference_of(after.scores, before.scores)
        improved = difference.low > 0
        facts["best"] = {"trial": winner.trial.trial, "params": winner.trial.params, **best.to_json()}
        facts["difference"] = difference.to_json()
        artifact = artifact_bytes(self._definition, winner.candidate, facts) if improved else None
        verdict = "improved" if improved else NOT_BETTER
        return Ran({**program, **facts, "improved": improved, "verdict": verdict}, artifact)

    def _base(self) -> Candidate:
        """@raises DspexError for an implementation that cannot be measured here."""
        declared = {one.name: one for one in self._definition.implementations}
        name = self._job.implementation
        if name is None:
            first = next(
                (
                    one
                    for one in map(_as_candidate, declared.values())
                    if one["kind"] == "dspy" and one["module"] in MODULES
                ),
                None,
            )
            return first if first is not None else _zero_shot(self._settings())
        if name not in declared:
            known = ", ".join(declared)
            raise DspexError("invalid_inputs", f'no implementation "{name}", there are: {known}')
        candidate = _as_candidate(declared[name])
        if candidate["kind"] not in ("dspy", "choice", "plain"):
            raise DspexError(
                "invalid_inputs",
                f'implementation "{name}" is {candidate["kind"]}: dspy, choice and plain can be measured',
            )
        if candidate["kind"] == "choice" and "prompt" not in candidate and labels_of(self._signature):
            asked = title(self._signature.outputs[0].name)
            prompt = template_of("named", self._signature.inputs, (None, asked), "", [])
            return {**candidate, "prompt": prompt}
        return candidate

    def _settings(self) -> dict[str, Any]:
        return {} if self._job.model is None else {"model": self._job.model}


def _as_candidate(implementation: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = without_none(msgspec.to_builtins(implementation))
    return candidate


def _zero_shot(settings: Mapping[str, Any]) -> Candidate:
    return {
        "name": "zero-shot",
        "kind": "dspy",
        "pool": "general",
        "module": "Predict",
        "adapter": "json",
        "temperature": 0,
        "maxTokens": MAX_TOKENS,
        **settings,
    }
