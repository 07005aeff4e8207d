"""A program that says something else in the end than its model does."""

import dspy

import dspex


@dspex.program("qa-loud", signature="question: str -> answer: str")
class Loud(dspy.Module):
    def __init__(self) -> None:
        super().__init__()
        self.answer = dspy.Predict("question -> answer")

    async def aforward(self, question: str) -> dspy.Prediction:
        quiet = await self.answer.acall(question=question)
        return dspy.Prediction(answer=quiet.answer.upper())
