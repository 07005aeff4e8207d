"""`client.optimize` and `client.versions`, against a programs service that is played."""

import json

import pytest

from dspex.errors import DspexError

ROWS = [{"inputs": {"text": f"t{n}"}, "outputs": {"label": "a"}} for n in range(4)]
SCORE = {"mean": 0.5, "low": 0.4, "high": 0.6, "count": 100}
REPORT = {
    "program": "mood",
    "parent": "v1",
    "improved": True,
    "verdict": "improved",
    "optimizer": "search",
    "metric": "exact",
    "trials": 2,
    "base": {**SCORE, "implementation": "predict"},
    "best": {**SCORE, "mean": 0.9, "params": {"way": "choice"}},
    "cost": {"calls": 9, "inputTokens": 1, "outputTokens": 2, "costUsd": 0, "timeMs": 5},
    "metricFailures": 0,
}
STATE = {"run": "r1", "program": "mood", "version": "v1", "trials": 2, "calls": 9}


def begun(bodies):
    def answer(_verb, body, _headers):
        bodies.append(json.loads(body))
        return {"run": "r1", "id": "local.o.r1", "program": "mood", "version": "v1"}

    return answer


async def test_a_run_is_started_followed_and_ends_with_its_report(client, fake_api):
    bodies: list[dict] = []
    await fake_api.serve("program.optimize", begun(bodies), admin=True)
    states = [
        {**STATE, "status": "running", "tried": 0},
        DspexError("unavailable", "restarting"),
        {**STATE, "status": "running", "tried": 1, "base": 0.5, "best": {"trial": 1, "score": 0.9}},
        {**STATE, "status": "finished", "tried": 2, "report": REPORT, "published": "v2"},
    ]

    def state(_verb, body, _headers):
        asked.append(json.loads(body))
        said = states.pop(0)
        if isinstance(said, DspexError):
            raise said
        return said

    asked: list[dict] = []
    await fake_api.serve("program.optimization", state)
    run = await client.optimize("mood", ROWS, metric="f1", budget={"calls": 10}, canary=0.2)
    assert bodies == [{"name": "mood", "metric": "f1", "budget": {"calls": 10}, "canary": 0.2, "rows": ROWS}]
    seen = [one.tried async for one in run.progress()]
    assert seen == [0, 1, 2]
    assert [one.get("seen") for one in asked] == [None, 0, 0, 1]


async def test_the_result_of_a_run_is_its_report_or_its_error(client, fake_api):
    ends = {
        "r1": {**STATE, "status": "finished", "tried": 2, "report": REPORT, "published": "v2"},
        "r2": {
            **STATE,
            "status": "failed",
            "tried": 0,
            "error": {"code": "invalid_inputs", "message": "too few", "retryable": False},
        },
        "r3": {**STATE, "status": "cancelled", "tried": 0},
    }
    await fake_api.serve("program.optimization", lambda _, body, __: ends[json.loads(body)["run"]])
    ended = await client.optimization("r1").result()
    assert ended.published == "v2"
    assert ended.report is not None
    assert (ended.report.base.mean, ended.report.best.mean) == (0.5, 0.9)
    for run, code in (("r2", "invalid_inputs"), ("r3", "cancelled")):
        with pytest.raises(DspexError) as raised:
            await client.optimization(run).result()
        assert raised.value.code == code


async def test_a_run_is_cancelled_by_its_request(client, fake_api):
    await fake_api.serve("cancel.>", lambda *_: {"status": "cancelled"})
    await client.optimization("r1").cancel()
    assert [verb for verb, _ in fake_api.calls] == ["cancel.local.o.r1"]


async def test_versions_are_listed_promoted_tried_withdrawn_and_rolled_back(client, fake_api):
    listed = {
        "name": "mood",
        "current": "v1",
        "versions": [{"version": "v1", "by": "config", "time": "2026-01-01T00:00:00Z", "sequence": 3}],
        "published": [
            {
                "version": "v2",
                "parent": "v1",
                "run": "r1",
                "by": "local",
                "time": "2026-01-01T00:00:00Z",
                "artifact": {"key": "k", "sha256": "0"},
                "report": REPORT,
            }
        ],
        "canary": {
            "version": "v2",
            "base": "v1",
            "share": 0.1,
            "maxOutcomes": 2000,
            "by": "local",
            "since": "2026-01-01T00:00:00Z",
            "evidence": {
                "channels": [
                    {
                        "channel": "success",
                        "canary": {"count": 1, "mean": 1},
                        "others": {"count": 9, "mean": 1},
                        "better": 1,
                        "worse": 1,
                    }
                ],
                "threshold": 50,
                "coveredSequence": 9,
            },
        },
    }
    await fake_api.serve("program.versions", lambda *_: listed)
    bodies: dict[str, dict] = {}

    def change(verb, body, _headers):
        bodies[verb] = json.loads(body)
        return {"name": "mood", "version": "v1", "changed": True}

    for verb in ("promote", "canary", "withdraw", "rollback"):
        await fake_api.serve(f"program.{verb}", change, admin=True)
    versions = client.versions("mood")
    found = await versions.list()
    assert found.published[0].version == "v2"
    assert found.canary is not None
    assert found.canary.evidence.channels[0].canary.count == 1
    assert await versions.promote("v2", pin=True, reason="better")
    assert await versions.canary("v2", share=0.25)
    assert await versions.withdraw("v2")
    assert await versions.roll_back() == "v1"
    assert bodies == {
        "program.promote": {"name": "mood", "version": "v2", "pin": True, "reason": "better"},
        "program.canary": {"name": "mood", "version": "v2", "share": 0.25},
        "program.withdraw": {"name": "mood", "version": "v2"},
        "program.rollback": {"name": "mood"},
    }
