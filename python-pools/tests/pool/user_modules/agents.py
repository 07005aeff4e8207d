"""A tool, a reward, and a program of several model calls."""

import dspy

import dspex


@dspex.tool
def population(city: str) -> int:
    """How many people live in a city."""
    return {"Paris": 2_100_000}[city]


@dspex.tool(name="short-is-good")
def short_is_good(inputs: dict[str, object], prediction: dspy.Prediction) -> float:
    return 1.0 if len(prediction.answer) < 5 else 0.1


@dspex.program("adds", signature="numbers: list[int] -> sum: int, twice: int")
async def adds(numbers: list[int]) -> dict[str, int]:
    once = await dspex.call("add-up", numbers=numbers)
    twice = await dspex.call("add-up", {"numbers": numbers * 2})
    return {"sum": once["sum"], "twice": twice["sum"]}


@dspex.program("adds-in-a-thread", signature="numbers: list[int] -> sum: int, twice: int")
def adds_in_a_thread(numbers: list[int]) -> dict[str, int]:
    once = dspex.call_sync("add-up", numbers=numbers)
    return {"sum": once["sum"], "twice": dspex.call_sync("add-up", numbers=numbers * 2)["sum"]}


@dspex.program("qa-sync", signature="question: str -> answer: str")
class Plain(dspy.Module):
    """Has no asynchronous form."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = dspy.Predict("question -> answer")

    def forward(self, question: str) -> dspy.Prediction:
        return self.answer(question=question)


@dspex.program("qa-twice", signature="question: str -> answer: str", model="other")
class Twice(dspy.Module):
    """Drafts, then answers."""

    def __init__(self) -> None:
        super().__init__()
        self.draft = dspy.Predict("question -> draft")
        self.final = dspy.ChainOfThought("question, draft -> answer")

    async def aforward(self, question: str) -> dspy.Prediction:
        draft = (await self.draft.acall(question=question)).draft
        return await self.final.acall(question=question, draft=draft)
