"""Asks the model twice, side by side."""

import asyncio
from typing import Any

import dspy

import dspex


@dspex.program("beside", signature="text: str -> said: str")
class Beside(dspy.Module):  # type: ignore[misc]  # dspy has no types
    def __init__(self) -> None:
        super().__init__()
        self.ask = dspy.Predict("text -> said")

    async def aforward(self, text: str) -> Any:
        first, second = await asyncio.gather(self.ask.acall(text=text), self.ask.acall(text=f"again: {text}"))
        return dspy.Prediction(said=f"{first.said} {second.said}")
