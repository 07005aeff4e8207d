"""`client.variables.optimize`, against a variables service that is played."""

import json

import pytest

from dspex.errors import DspexError
from dspex.variables import Budget, Objective

ROWS = [{"inputs": {"n": 1}, "outputs": {"size": "low"}}]


def info(status="running", **more):
    return {
        "run": "r1",
        "user": "local",
        "program": "size",
        "variables": ["boundary"],
        "objectives": ["quality"],
        "metric": "exact",
        "trials": 8,
        "priority": 5,
        "status": status,
        "queuedAt": "2026-11-24T05:36:00.000Z",
        "tried": 0,
        "infeasible": 0,
        "calls": 0,
        **more,
    }


def measured(mean):
    return {"quality": {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "count": 20}}


REPORT = {
    "improved": True,
    "verdict": "improved",
    "trials": 8,
    "infeasible": 1,
    "base": {"values": {"boundary": 90}, "objectives": measured(0.5)},
    "best": {"trial": 3, "values": {"boundary": 37}, "objectives": measured(0.9)},
    "differences": measured(0.4),
    "cost": {"calls": 200, "inputTokens": 0, "outputTokens": 0, "costUsd": 0, "timeMs": 900},
    "unanswered": 0,
    "metricFailures": 0,
    "somethingLater": 1,
}


@pytest.mark.integration
async def test_a_search_is_sent_as_it_is_meant(client, fake_api):
    await fake_api.serve("variable.optimize", lambda *_: info("queued", position=1), admin=True)
    objective = Objective(program="size", data=ROWS, measures=["quality", "latencyMs"])
    run = await client.variables.optimize(
        ["boundary"], objective, Budget(trials=8, usd=1.5), apply=False, seed=3
    )
    assert run.run == "r1"
    [(_, body)] = fake_api.calls
    assert json.loads(body) == {
        "variables": ["boundary"],
        "objective": {
            "program": "size",
            "data": ROWS,
            "metric": "exact",
            "measures": ["quality", "latencyMs"],
        },
        "budget": {"trials": 8, "usd": 1.5},
        "apply": False,
        "seed": 3,
    }


@pytest.mark.integration
async def test_progress_is_told_until_the_end_and_a_service_that_restarts_is_waited_for(client, fake_api):
    moves = [
        info("queued", position=1, moved=1),
        DspexError("unavailable", "it restarts"),
        info(tried=1, moved=2, baseline={"quality": 0.5}),
        info(tried=1, moved=2),
        info("finished", tried=8, moved=3, report=REPORT, applied=True, rolledBack=False),
    ]
    seen = []

    def answer(_verb, body, _headers):
        seen.append(json.loads(body).get("seen"))
        said = moves.pop(0)
        if isinstance(said, DspexError):
            raise said
        return said

    await fake_api.serve("variable.optimization", answer)
    run = client.variables.optimization("r1")
    told = [(one.status, one.tried) async for one in run.progress()]
    assert told == [("queued", 0), ("running", 1), ("finished", 8)]
    assert seen == [None, 1, 1, 2, 2]


@pytest.mark.integration
async def test_a_result_is_typed(client, fake_api):
    ended = info("finished", report=REPORT, applied=False, rolledBack=True, why="it is worse")
    await fake_api.serve("variable.optimization", lambda *_: ended)
    done = await client.variables.optimization("r1").result()
    assert (done.applied, done.rolled_back, done.why) == (False, True, "it is worse")
    assert done.report is not None
    assert done.report.best is not None
    assert done.report.differences is not None
    assert (done.report.best.values, done.report.best.trial) == ({"boundary": 37}, 3)
    assert done.report.differences["quality"].mean == 0.4


@pytest.mark.integration
async def test_failures_and_cancels_are_raised(client, fake_api):
    failed = {"code": "invalid_inputs", "message": "too few examples", "retryable": False}
    answers = [info("failed", error=failed), info("cancelled")]
    await fake_api.serve("variable.optimization", lambda *_: answers.pop(0))
    await fake_api.serve("variable.cancel", lambda *_: info("cancelled"))
    run = client.variables.optimization("r1")
    with pytest.raises(DspexError, match="too few examples"):
        await run.result()
    with pytest.raises(DspexError) as raised:
        await run.result()
    assert raised.value.code == "cancelled"
    assert (await run.cancel()).status == "cancelled"


@pytest.mark.integration
async def test_runs_are_listed(client, fake_api):
    listed = {"optimizations": [info(), info("queued", run="r2", position=1, waitsFor=["r1"])]}
    await fake_api.serve("variable.optimizations", lambda *_: listed)
    first, second = await client.variables.optimizations()
    assert (first.status, second.position, second.waits_for) == ("running", 1, ["r1"])


@pytest.mark.integration
async def test_who_may_not_is_told_so(client, fake_api):
    def refuse(*_):
        raise DspexError("not_allowed", "needs the right admin")

    await fake_api.serve("variable.optimize", refuse, admin=True)
    with pytest.raises(DspexError) as raised:
        await client.variables.optimize(["boundary"], Objective(program="size", data=ROWS))
    assert raised.value.code == "not_allowed"
