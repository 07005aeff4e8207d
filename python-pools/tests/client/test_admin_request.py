"""An administrator's request: who may not is told so, and what may have been done is not done again."""

from __future__ import annotations

from typing import Any

import pytest

from dspex.client.admin_request import admin_request
from dspex.client.bus import NoAnswerError, NobodyThereError
from dspex.errors import DspexError

NOBODY = NobodyThereError("nobody serves it")
LATE = NoAnswerError("no answer in time")
REFUSED = DspexError("not_allowed", "needs the right")
CONFLICT = DspexError("conflict", "no")


class Played:
    """Answers one call after the other; keeps who was asked."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def request(self, _verb: str, _body: Any, *, timeout_s: float = 1.0, admin: bool = False) -> Any:
        self.asked.append("admin" if admin else "all")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "asked", "outcome"),
    [
        pytest.param(["done"], ["admin"], "done", id="who is answered"),
        pytest.param([NOBODY, REFUSED, NOBODY], ["admin", "all", "admin"], "not_allowed", id="no right"),
        pytest.param([NOBODY, NOBODY], ["admin", "all"], "unavailable", id="a service that is away"),
        pytest.param([NOBODY, REFUSED, "done"], ["admin", "all", "admin"], "done", id="back in between"),
        pytest.param([LATE], ["admin"], "unavailable", id="late, and may have done it"),
        pytest.param([NOBODY, REFUSED, LATE], ["admin", "all", "admin"], "unavailable", id="late then"),
        pytest.param([CONFLICT], ["admin"], "conflict", id="one that refuses"),
    ],
)
async def test_an_administrators_request(answers: list[Any], asked: list[str], outcome: str) -> None:
    api: Any = Played([*answers])
    try:
        told = await admin_request(api, "x", {})
    except DspexError as error:
        told = error.code
    assert (told, api.asked) == (outcome, asked)
