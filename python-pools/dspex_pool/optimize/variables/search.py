"""One search from its data to its report. Blocks: made for a thread.

base on train ─▶ trials on train ─▶ the best three on validation ─▶ the winner beside the base on held-out
each a step that is stored when it is done; trials end early when the budget does
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dspex.errors import DspexError
from dspex_pool.optimize.meter import VALIDATION_SHARE, WHOLE, BudgetSpentError, Spent
from dspex_pool.optimize.metrics import Judge
from dspex_pool.optimize.splits import Example, Splits, split_rows
from dspex_pool.optimize.steps import Kind, Trial, TrialLog
from dspex_pool.optimize.variables.ask import Asker, InfeasibleError, Question
from dspex_pool.optimize.variables.job import Job
from dspex_pool.optimize.variables.measure import (
    Measured,
    gains,
    intervals,
    is_worse,
    mean_of,
    measure,
    score_of,
)
from dspex_pool.optimize.variables.report import BEFORE, Told, front_of, parts_of, report_of, to_json
from dspex_pool.optimize.variables.space import Space, Values, space_of
from dspex_pool.optimize.variables.suggest import Tried, suggest

FINALISTS: Final = 3
"""Values that may not be together, for each trial that is wanted: then nothing else is expected."""
INFEASIBLE_EACH: Final = 5
LEAST_INFEASIBLE: Final = 25
"""Numbers of requests that one step may use."""
STEP_NUMBERS: Final = 10_000
NOTHING_TRIED: Final = "not improved: the budget ended before the first trial"
NOT_COMPARED: Final = "not improved: the budget ended before the best values were compared"
NOTHING_FOUND: Final = "not improved: nothing that was tried is better than what there is"
NOT_BETTER: Final = "not improved: on held-out examples the best values are not surely better"


class Search:
    def __init__(self, job: Job, asker: Asker, judge: Judge, log: TrialLog) -> None:
        self._job = job
        self._asker = asker
        self._judge = judge
        self._log = log
        self._stored = log.stored()
        self._done: list[Trial] = []
        self._space: Space = space_of(job.definitions)
        self._splits: Splits = split_rows(job.rows, job.test_rows, "objective.data")
        self._budget_ended: str | None = None
        self._failures_before = 0
        if self._stored:
            asker.remember(Spent.from_json(self._stored[-1].spent))

    def check(self) -> dict[str, Any]:
        """What is in force beside what was, on examples that nothing was searched on."""
        self._asker.share = WHOLE
        examples = [*self._splits.test, *self._splits.validation][: self._job.test_rows]
        trial = self._compared(examples, None)
        after, before = parts_of(trial)
        found = gains(self._job.objectives, after, before)
        return {
            "regressed": is_worse(found),
            "differences": to_json(found),
            "before": intervals(before),
            "after": intervals(after),
            "cost": self._done[-1].spent,
        }

    def run(self) -> dict[str, Any]:
        """The report. @raises DspexError"""
        examples = self._splits.train[: self._job.trial_rows]
        base = self._measured("base", self._job.base, examples, must_answer=True)
        found = self._search(base, examples)
        better = [one for one in found if one.params != self._job.base]
        self._asker.share = VALIDATION_SHARE
        if not better:
            return self._report(None, None, NOTHING_TRIED if self._budget_ended else NOTHING_FOUND)
        winner = self._validated(self._finalists(better, base), base)
        if winner is None:
            return self._report(None, None, NOTHING_FOUND)
        self._asker.share = WHOLE
        try:
            compared = self._compared(self._splits.test, winner.params)
        except BudgetSpentError as error:
            self._budget_ended = self._budget_ended or str(error)
            return self._report(winner, None, NOT_COMPARED)
        return self._report(winner, compared, NOT_BETTER)

    def _search(self, base: Trial, examples: Sequence[Example]) -> list[Trial]:
        job, means = self._job, base.objectives or {}
        found: list[Trial] = []
        tried = [Tried(job.base, self._figures(base))]
        infeasible = 0
        while len(found) < job.trials:
            values = suggest(self._space, job.objectives, job.seed, tried)
            if values is None:
                break
            try:
                trial = self._candidate(values, examples, means)
            except BudgetSpentError as error:
                self._budget_ended = str(error)
                break
            tried.append(Tried(values, None if trial.infeasible else self._figures(trial)))
            if not trial.infeasible:
                found.append(trial)
                continue
            infeasible += 1
            if infeasible >= max(LEAST_INFEASIBLE, INFEASIBLE_EACH * job.trials):
                if found:
                    break
                raise DspexError(
                    "invalid_inputs",
                    f"none of {infeasible} combinations of values may be together: {trial.failure}",
                    path="variables",
                )
        return found

    def _finalists(self, found: Sequence[Trial], base: Trial) -> list[Trial]:
        """The best by their score; with several objectives first those that none is better than in all."""
        front = front_of(self._job.objectives, [base, *found])
        ranked = sorted(found, key=lambda one: (one not in front, -one.score, one.trial))
        return ranked[:FINALISTS]

    def _validated(self, finalists: Sequence[Trial], base: Trial) -> Trial | None:
        """Scores of many trials flatter the best of them: examples that none was chosen by decide as well.
        None = what there is does as well.
        """
        examples, objectives = self._splits.validation, self._job.objectives
        candidates = [base, *finalists]
        rows = [one.measures or {} for one in candidates]
        if examples:
            try:
                more = [
                    self._measured("validation", one.params, examples).measures or {} for one in candidates
                ]
                rows = [
                    {name: [*some[name], *others[name]] for name in some}
                    for some, others in zip(rows, more, strict=True)
                ]
            except BudgetSpentError as error:
                self._budget_ended = self._budget_ended or str(error)
        means = [{name: mean_of(values) for name, values in one.items()} for one in rows]
        scores = [score_of(objectives, one, means[0]) for one in means]
        best = max(range(len(candidates)), key=lambda place: (scores[place], -place))
        return candidates[best] if best > 0 else None

    def _candidate(self, values: Values, examples: Sequence[Example], base: Mapping[str, float]) -> Trial:
        def take(number: int) -> Trial:
            try:
                measured = self._ask(number, values, examples)
            except InfeasibleError as error:
                return self._trial(number, "candidate", values, None, 0.0, failure=str(error))
            score = score_of(self._job.objectives, measured.means, base)
            return self._trial(number, "candidate", values, measured, score)

        return self._step("candidate", values, take)

    def _measured(
        self, kind: Kind, values: Values, examples: Sequence[Example], *, must_answer: bool = False
    ) -> Trial:
        def take(number: int) -> Trial:
            try:
                measured = self._ask(number, values, examples)
            except InfeasibleError as error:
                raise DspexError("conflict", f"values in force may not be together: {error}") from error
            if must_answer and measured.unanswered == len(examples):
                raise DspexError(
                    "invalid_inputs",
                    f'"{self._job.program}" failed on all {len(examples)} examples: {measured.first_error}',
                    path="objective.program",
                )
            means = measured.means
            return self._trial(number, kind, values, measured, score_of(self._job.objectives, means, means))

        return self._step(kind, values, take)

    def _compared(self, examples: Sequence[Example], values: Values | None) -> Trial:
        """Side by side, so that what changes with the time changes for both; None = what is in force."""
        params = values or {}

        def take(number: int) -> Trial:
            first = number * STEP_NUMBERS
            questions = [
                question
                for n, example in enumerate(examples)
                for question in (
                    Question(first + 2 * n, example, self._job.base),
                    Question(first + 2 * n + 1, example, values),
                )
            ]
            try:
                answers = self._asker.answers(questions)
            except InfeasibleError as error:
                raise DspexError("conflict", f"these values may no longer be together: {error}") from error
            objectives = self._job.objectives
            before = measure(self._judge, objectives, examples, answers[::2])
            after = measure(self._judge, objectives, examples, answers[1::2])
            rows = {**after.rows, **{f"{BEFORE}{name}": row for name, row in before.rows.items()}}
            measured = Measured(rows, after.unanswered + before.unanswered, after.first_error)
            return self._trial(
                number, "test", params, measured, score_of(objectives, after.means, before.means)
            )

        return self._step("test", params, take)

    def _ask(self, number: int, values: Values, examples: Sequence[Example]) -> Measured:
        first = number * STEP_NUMBERS
        answers = self._asker.answers(
            [Question(first + n, example, values) for n, example in enumerate(examples)]
        )
        return measure(self._judge, self._job.objectives, examples, answers)

    def _step(self, kind: Kind, params: Mapping[str, Any], take: Callable[[int], Trial]) -> Trial:
        """What an earlier life has stored is read, not done again. @raises DspexError"""
        number = len(self._done)
        if number < len(self._stored):
            trial = self._stored[number]
            if trial.step != kind or trial.params != dict(params):
                raise DspexError(
                    "conflict",
                    f"trial {number} of run {self._job.run} was another step: the job or the code differs",
                )
        else:
            self._asker.check()
            self._failures_before = self._judge.failures
            trial = take(number)
            self._judge.check()
            self._log.append(trial)
        self._done.append(trial)
        return trial

    def _trial(
        self,
        number: int,
        kind: Kind,
        params: Mapping[str, Any],
        measured: Measured | None,
        score: float,
        failure: str | None = None,
    ) -> Trial:
        return Trial(
            run=self._job.run,
            trial=number,
            step=kind,
            params=dict(params),
            score=score,
            scores=[] if measured is None else measured.rows["quality"],
            unanswered=0 if measured is None else measured.unanswered,
            metric_failures=self._judge.failures - self._failures_before,
            failure=failure,
            infeasible=measured is None,
            objectives=None if measured is None else measured.means,
            measures=None if measured is None else dict(measured.rows),
            spent=self._asker.spent().to_json(),
        )

    def _figures(self, trial: Trial) -> tuple[float, ...]:
        return tuple((trial.objectives or {})[name] for name in self._job.objectives)

    def _report(self, winner: Trial | None, compared: Trial | None, verdict: str) -> dict[str, Any]:
        told = Told(self._done, self._judge.first_failure, self._budget_ended)
        return report_of(self._job, self._splits, told, winner, compared, verdict)
