"""A `dspy.Predict` whose model answers at once, or after the time that a short model call takes: what is
measured is everything around the model.
"""

from __future__ import annotations

import asyncio

import dspex
import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

SIGNATURE = "question: str -> answer: str"
MODEL_CALL_S = 0.1


class InstantEngine:
    """Answers every request with the same JSON."""

    supports_response_schema = True

    def complete(self, request: Request) -> Response:
        return response_to(request)

    def close(self) -> None:
        pass


class AsyncEngine:
    """The asynchronous half; a real model would keep the caller waiting for `seconds`."""

    supports_response_schema = True

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def complete(self, request: Request) -> Response:
        if self._seconds > 0:
            await asyncio.sleep(self._seconds)
        return response_to(request)

    async def aclose(self) -> None:
        pass


def response_to(request: Request) -> Response:
    return Response(
        id="bench",
        model=request.model,
        message=Message(role="assistant", parts=(TextPart('{"answer": "four"}'),)),
        finish_reason="stop",
        usage=Usage(input_tokens=100, output_tokens=10, total_tokens=110),
    )


class WithEngine(dspy.Module):
    """Predicts with an engine of its own instead of a configured model."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.predict = dspy.Predict(SIGNATURE)
        self.predict.lm = dspy.LM(
            "bench/instant", engine=InstantEngine(), async_engine=AsyncEngine(seconds), cache=False
        )

    async def aforward(self, question: str) -> dspy.Prediction:
        return await self.predict.acall(question=question)


@dspex.program("instant-predict", signature=SIGNATURE)
class InstantPredict(WithEngine):
    def __init__(self) -> None:
        super().__init__(seconds=0.0)


@dspex.program("slow-predict", signature=SIGNATURE)
class SlowPredict(WithEngine):
    def __init__(self) -> None:
        super().__init__(seconds=MODEL_CALL_S)
