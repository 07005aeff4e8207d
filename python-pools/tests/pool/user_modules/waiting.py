"""Programs that take their time, as users write them."""

import asyncio
import time

import dspy

import dspex


@dspex.program(signature="seconds: float -> waited: float")
async def waits(seconds: float) -> float:
    """Says that it runs, and sleeps without blocking."""
    print("begun")  # noqa: T201 - as users do; it becomes a log line of the attempt
    await asyncio.sleep(seconds)
    return seconds


@dspex.program(signature="seconds: float -> waited: float")
def blocks(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@dspex.program(signature="seconds: float -> waited: float")
class BlockingModule(dspy.Module):
    """Has no asynchronous form."""

    def forward(self, seconds: float) -> dspy.Prediction:
        time.sleep(seconds)
        return dspy.Prediction(waited=seconds, reasoning="not an output")


@dspex.program(signature="text: str -> shout: str")
def breaks(text: str) -> str:
    raise ValueError(f"cannot shout {text!r} with sk-test-0123456789abcdef")


@dspex.program(signature="text: str -> shout: str, length: int")
def half(text: str) -> dict[str, str]:
    return {"shout": text.upper()}
