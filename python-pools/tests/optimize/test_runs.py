"""What all runs of the optimizer pool have in common: refusals that name the caller's own field."""

import time

import pytest

from dspex.errors import DspexError
from dspex.signature import parse_signature
from dspex_pool.attempt_context import AttemptContext, current_attempt
from dspex_pool.optimize.job import Budget, Row
from dspex_pool.optimize.meter import BudgetSpentError, Spent, check_spent
from dspex_pool.optimize.runs import attempt_of, check_rows, within_deadline
from dspex_pool.optimize.splits import split_rows
from dspex_pool.optimize.steps import Trial
from dspex_pool.usage import AttemptUsage
from dspex_pool.usage import Budget as RequestBudget


def _attempt(request_id="ada.o.run1", ends_in_s=100.0):
    usage = AttemptUsage(lambda *_: None, RequestBudget())
    return AttemptContext(
        user="ada",
        request_id=request_id,
        attempt=1,
        work_sequence=1,
        usage=usage,
        ends_at=time.time() + ends_in_s,
    )


class _Log:
    """Of a run whose earlier life has spent so much."""

    def __init__(self, spent=None):
        trial = {"run": "run1", "trial": 0, "step": "base", "params": {}, "score": 0.0, "scores": []}
        self._trials = [] if spent is None else [Trial(**trial, spent=spent.to_json())]

    def stored(self):
        return self._trials

    def append(self, trial):
        self._trials.append(trial)


def _row(text, label, split=None):
    return Row(inputs={"text": text}, outputs={"label": label}, split=split)


def test_an_example_that_does_not_fit_is_named_where_its_caller_gave_it():
    signature = parse_signature("text: str -> label: Literal['a', 'b']")
    rows = [_row("x", "a"), _row("y", "c")]
    with pytest.raises(DspexError, match="example 2 does not fit size") as raised:
        check_rows(rows, signature, "size", "objective.data")
    assert raised.value.path == "objective.data[1]"


def test_examples_that_cannot_be_divided_are_named_where_their_caller_gave_them():
    with pytest.raises(DspexError) as leak:
        split_rows([_row("x", "a", "train"), _row("x", "a", "test")], 10, "objective.data")
    assert leak.value.path == "objective.data[1].split"
    with pytest.raises(DspexError) as other:
        split_rows([_row("x", "a"), _row("x", "b")], 10)
    assert other.value.path == "rows[1]"
    with pytest.raises(DspexError) as few:
        split_rows([_row("x", "a")], 10, "objective.data")
    assert few.value.path == "objective.data"


def test_a_request_writes_only_trials_of_its_own_run():
    token = current_attempt.set(_attempt())
    try:
        assert attempt_of("run1").user == "ada"
        with pytest.raises(DspexError) as raised:
            attempt_of("run2")
        assert raised.value.code == "not_allowed"
    finally:
        current_attempt.reset(token)
    with pytest.raises(DspexError, match="runs as an attempt"):
        attempt_of("run1")


def test_a_run_has_the_time_that_its_request_has():
    assert 90_000 < within_deadline(Budget(), _attempt(), _Log()).time_ms <= 95_000
    assert within_deadline(Budget(time_ms=5), _attempt(), _Log()).time_ms == 5
    assert within_deadline(Budget(time_ms=5_000), _attempt(ends_in_s=-1), _Log()).time_ms == 1


def test_what_an_earlier_life_took_is_not_taken_off_the_time_that_is_left():
    log = _Log(Spent(time_ms=60_000))
    assert 150_000 < within_deadline(Budget(), _attempt(), log).time_ms <= 155_000
    assert within_deadline(Budget(time_ms=90_000), _attempt(), log).time_ms == 90_000


def test_a_share_of_a_budget_is_spent_or_not():
    budget = Budget(calls=10, tokens=100)
    check_spent(Spent(calls=6, input_tokens=30, output_tokens=39), budget, 0.7)
    with pytest.raises(BudgetSpentError, match="7 of 10 calls"):
        check_spent(Spent(calls=7), budget, 0.7)
    with pytest.raises(BudgetSpentError, match="70 of 100 tokens"):
        check_spent(Spent(input_tokens=30, output_tokens=40), budget, 0.7)


def test_what_a_trial_tells_of_its_cost_is_read_back():
    spent = Spent(calls=3, input_tokens=20, output_tokens=10, usd=0.5, time_ms=7)
    assert Spent.from_json(spent.to_json()) == spent
