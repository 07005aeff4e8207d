"""A whole search, with a program that is played: what it asks, what it finds, what it says; and that a run
that was killed at any moment ends as one that was not.
"""

import asyncio
import time

import pytest

from dspex.codec import decode
from dspex.errors import DspexError
from dspex_pool.attempt_context import AttemptContext
from dspex_pool.optimize.metrics import Judge, exact
from dspex_pool.optimize.variables.ask import Asker
from dspex_pool.optimize.variables.job import Job
from dspex_pool.optimize.variables.search import Search
from dspex_pool.usage import AttemptUsage, Budget
from tests.optimize.kit import MemoryTrials

RIGHT = 37
BOUNDARY = {"kind": "float", "name": "boundary", "min": 0, "max": 100, "step": 1}
PAUSE = {"kind": "integer", "name": "pause", "min": 0, "max": 50}


class KilledError(Exception):
    pass


def rows(count=100):
    return [
        {
            "inputs": {"n": n * 100 // count},
            "outputs": {"size": "high" if n * 100 // count >= RIGHT else "low"},
        }
        for n in range(count)
    ]


class Program:
    """Says `high` from the boundary on; takes as long as `pause` says, and costs a token for each ms."""

    def __init__(self, in_force=None):
        self.in_force = in_force or {"boundary": 90, "pause": 20}
        self.asked = []
        self.answers = {}
        self.error = lambda values, n: None

    def asked_numbers(self):
        return [number for number, *_ in self.asked]

    async def __call__(self, inputs, number, variables):
        await asyncio.sleep(0)
        values = {**self.in_force, **(variables or {})}
        self.asked.append((number, inputs["n"], variables))
        # The same number has the same answer, as the gateway sees to it.
        key = (number, inputs["n"], str(variables))
        if key not in self.answers:
            self.answers[key] = self._result(values, inputs["n"])
        return self.answers[key]

    def _result(self, values, n):
        pause = values["pause"]
        usage = {"inputTokens": pause, "outputTokens": 0}
        result = {"status": "succeeded", "usage": usage, "timings": {"totalMs": pause + n / 1_000}}
        error = self.error(values, n)
        if error is not None:
            return {**result, "status": "failed", "error": error}
        return {**result, "outputs": {"size": "high" if n >= values["boundary"] else "low"}}


def made(program, log, metric=exact, **changes):
    job = decode(
        Job,
        {
            "run": "r1",
            "program": "size",
            "version": "v1",
            "rows": rows(),
            "definitions": [BOUNDARY],
            "base": {"boundary": 90},
            "objectives": ["quality"],
            "trials": 20,
            **changes,
        },
    )
    attempt = AttemptContext(
        user="local",
        request_id="local.o.r1",
        attempt=1,
        work_sequence=1,
        usage=AttemptUsage(lambda *_: None, Budget()),
        ends_at=time.time() + 60,
    )
    asker = Asker(program, asyncio.run, attempt, job.budget, 4)
    return Search(job, asker, Judge(metric), log)


def run(program=None, log=None, **changes):
    return made(program or Program(), log or MemoryTrials(), **changes).run()


def test_the_boundary_is_found_and_told_with_how_sure_that_is():
    program, trials = Program(), MemoryTrials()
    report = run(program, trials)
    assert report["improved"]
    assert report["verdict"] == "improved"
    assert abs(report["best"]["values"]["boundary"] - RIGHT) <= 3
    assert report["base"]["values"] == {"boundary": 90}
    difference = report["differences"]["quality"]
    assert 0 < difference["low"] < difference["mean"] < difference["high"] < 1
    assert difference["count"] == report["examples"]["test"]
    assert report["cost"]["calls"] == len(program.asked) == len(set(program.asked_numbers()))
    steps = [trial.step for trial in trials.stored()]
    assert steps == ["base", *["candidate"] * 20, *["validation"] * 4, "test"]
    assert trials.stored()[0].objectives == {"quality": pytest.approx(0.4, abs=0.15)}


@pytest.mark.parametrize("dies_after", [0, 1, 7, 20, 22, 24])
def test_a_run_that_was_killed_goes_on_at_the_trial_where_it_was(dies_after):
    whole = run()
    program, trials = Program(), MemoryTrials()
    left = dies_after

    def die(_trial):
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError

    trials.before = die
    with pytest.raises(KilledError):
        run(program, trials)
    trials.before = lambda _: None
    before = len(program.asked)
    report = run(program, trials)
    again = set(program.asked_numbers()[before:]) & set(program.asked_numbers()[:before])
    # Only the trial that was under way, and each of its requests gets its first answer.
    assert len({number // 10_000 for number in again}) == 1
    for changing in ("cost",):
        del whole[changing], report[changing]
    assert report == whole


def test_several_objectives_give_a_front_and_the_best_is_worse_in_none():
    report = run(
        definitions=[BOUNDARY, PAUSE],
        base={"boundary": 90, "pause": 20},
        objectives=["quality", "latencyMs"],
        trials=30,
    )
    front = report["front"]
    assert len(front) >= 1
    for one in front:
        for other in front:
            better = other["objectives"]["quality"] >= one["objectives"]["quality"] and (
                other["objectives"]["latencyMs"] < one["objectives"]["latencyMs"]
            )
            assert not better
    assert report["improved"]
    assert report["differences"]["quality"]["low"] > 0
    assert report["differences"]["latencyMs"]["high"] > 0


def test_money_that_nobody_tells_cannot_be_saved():
    with pytest.raises(DspexError, match="no request told what it cost"):
        run(objectives=["costUsd"])


def test_tokens_alone_may_be_saved():
    report = run(definitions=[PAUSE], base={"pause": 20}, objectives=["tokens"], trials=15)
    assert report["improved"]
    assert report["best"]["values"]["pause"] < 20
    assert report["differences"]["tokens"]["mean"] > 0


def test_what_there_is_stays_where_nothing_is_better():
    program = Program({"boundary": RIGHT, "pause": 1})
    report = run(program, base={"boundary": RIGHT})
    assert not report["improved"]
    assert "best" not in report
    assert report["verdict"].startswith("not improved: nothing that was tried is better")


def refused(values, _n):
    if values["boundary"] <= 50:
        return None if values["boundary"] == 50 else _error("variables.boundary")
    return None


def _error(path=None, code="invalid_inputs"):
    return {"code": code, "message": "a constraint does not hold", "retryable": False, "path": path}


def test_values_that_may_not_be_together_are_no_trials():
    program, trials = Program(), MemoryTrials()
    program.error = refused
    report = run(program, trials, trials=10)
    assert report["trials"] == 10
    assert report["infeasible"] > 0
    assert report["best"]["values"]["boundary"] >= 50
    infeasible = [one for one in trials.stored() if one.infeasible]
    assert all(one.failure == "a constraint does not hold" and one.measures is None for one in infeasible)
    # One request each: the others were not asked.
    numbers = [number // 10_000 for number in program.asked_numbers()]
    assert all(numbers.count(one.trial) == 1 for one in infeasible)


def test_nothing_that_may_be_together_is_an_error():
    program = Program()
    program.error = lambda values, _n: None if values["boundary"] == 90 else _error("variables.boundary")
    with pytest.raises(DspexError, match="none of 50 combinations of values may be together"):
        run(program, trials=10)


def test_a_program_that_fails_on_all_examples_is_an_error():
    program = Program()
    program.error = lambda *_: _error(code="internal")
    with pytest.raises(DspexError, match=r'"size" failed on all \d+ examples: internal: a constraint'):
        run(program)


def test_a_program_that_fails_on_some_examples_scores_0_there():
    program = Program()
    program.error = lambda _values, n: _error(code="lm_timeout") if n % 10 == 0 else None
    report = run(program, trials=3)
    assert report["unanswered"] > 0


def test_what_passes_is_asked_again_under_another_number():
    program = Program()
    shut = {"left": 3}

    def error(_values, _n):
        shut["left"] -= 1
        return {**_error(code="circuit_open"), "retryAfterMs": 1} if shut["left"] >= 0 else None

    program.error = error
    report = run(program, trials=2)
    assert report["unanswered"] == 0
    assert sorted(number for number in program.asked_numbers() if number >= 100_000_000) == [
        100_000_000,
        200_000_000,
        300_000_000,
    ]


@pytest.mark.parametrize("code", ["unknown_program", "invalid_inputs"])
def test_what_would_always_fail_ends_the_run(code):
    program = Program()
    program.error = lambda *_: _error("inputs.n", code)
    with pytest.raises(DspexError) as raised:
        run(program)
    assert (raised.value.code, len(program.asked)) == (code, 1)


def test_a_metric_that_throws_on_all_examples_ends_the_run():
    def throws(*_):
        raise ZeroDivisionError("no")

    with pytest.raises(DspexError, match=r"the metric failed on all .* ZeroDivisionError: no"):
        run(metric=throws)


def test_a_budget_of_requests_ends_the_search_early():
    program = Program()
    report = run(program, budget={"calls": 500})
    assert len(program.asked) <= 500
    assert "of 500 calls are spent" in report["budgetEnded"]
    assert report["trials"] < 20


def test_a_check_compares_what_is_in_force_with_what_was():
    good = made(Program({"boundary": RIGHT, "pause": 1}), MemoryTrials(), check=True).check()
    assert good["regressed"] is False
    assert good["differences"]["quality"]["low"] > 0
    bad = made(
        Program({"boundary": 99, "pause": 1}), MemoryTrials(), check=True, base={"boundary": 40}
    ).check()
    assert bad["regressed"] is True
    assert bad["differences"]["quality"]["high"] < 0
    same = made(Program(), MemoryTrials(), check=True).check()
    assert same["regressed"] is False
    assert same["differences"]["quality"]["mean"] == 0
