"""Two programs of one's own: a function, and a DSPy module in which a model reads and code knows the rest."""

import dspex
import dspy


# region function
@dspex.program("text-facts", signature="text: str -> words: int, longest: str | None")
def text_facts(text: str) -> dict[str, object]:
    """Counts the words of a text and names the longest."""
    words = text.split()
    return {"words": len(words), "longest": max(words, key=len, default=None)}


# endregion


# region module
DAYS = {"Berlin": 1, "Lyon": 2}
EXAMPLES = [("The train to Rome leaves at nine.", "Rome"), ("We met in Oslo last year.", "Oslo")]


@dspex.program("delivery", signature="message: str(min_length=1) -> city: str, days: int(ge=1)")
class Delivery(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """A model reads the city out of a message, code knows the days."""

    def __init__(self) -> None:
        super().__init__()
        self.read = dspy.Predict("message -> city")
        self.read.demos = [dspy.Example(message=message, city=city) for message, city in EXAMPLES]

    async def aforward(self, message: str) -> dspy.Prediction:
        city = (await self.read.acall(message=message)).city
        return dspy.Prediction(city=city, days=DAYS.get(city, 5))


# endregion
