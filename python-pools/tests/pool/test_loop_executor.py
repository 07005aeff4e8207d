"""Which work the loop's executor does at once."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import dspy
import pytest
from dspy.clients.execution import prepare

from dspex_pool.adapters import ChatAdapter, JSONAdapter, XMLAdapter
from dspex_pool.loop_executor import LoopExecutor


class _Lm(dspy.LM):  # type: ignore[misc]  # dspy has no types
    """Tells in which thread it is asked for its settings."""

    asked_in: int | None = None

    @property
    def kwargs(self) -> dict[str, Any]:
        self.asked_in = threading.get_ident()
        return self._kwargs

    @kwargs.setter
    def kwargs(self, given: dict[str, Any]) -> None:
        self._kwargs = given


def test_dspy_prepares_its_calls_on_the_loop_and_everything_else_goes_to_a_thread() -> None:
    lm = _Lm("openai/none", api_key="none", cache=False)

    async def run() -> tuple[int, int]:
        asyncio.get_running_loop().set_default_executor(LoopExecutor(2))
        call = await asyncio.to_thread(prepare, lm, "hello", None, {}, asynchronous=True)
        assert call.managed
        return threading.get_ident(), await asyncio.to_thread(threading.get_ident)

    here, elsewhere = asyncio.run(run())
    assert lm.asked_in == here
    assert elsewhere != here


def test_what_is_wrong_with_a_call_reaches_whoever_makes_it() -> None:
    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(LoopExecutor(2))
        await asyncio.to_thread(prepare, dspy.LM("openai/none", api_key="none"), None, None, {"request": 1})

    with pytest.raises(TypeError, match="Request"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("ours", "dspys"),
    [(JSONAdapter, dspy.JSONAdapter), (ChatAdapter, dspy.ChatAdapter), (XMLAdapter, dspy.XMLAdapter)],
)
def test_an_adapter_says_what_dspys_of_the_same_name_says(ours: Any, dspys: Any) -> None:
    signature = dspy.Signature("question: str, limit: int -> answers: list[int], sure: float")
    said = [ours().format_system_message(signature) for _ in range(2)]
    assert said == [dspys().format_system_message(signature)] * 2
    assert ours.__name__ == dspys.__name__

    signature.instructions = "Answer in French."
    assert ours().format_system_message(signature) == dspys().format_system_message(signature)
