"""Two programs of one's own: a function, and a DSPy module in which a model decides and code answers."""

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
REPLIES = {
    "happy": "Thank you! We have passed your kind words on.",
    "angry": "We are sorry. Please tell us your order number, and we will put it right.",
}


@dspex.program(
    "review-reply",
    signature='review: str(min_length=1) -> mood: Literal["happy", "angry"], reply: str',
)
class ReviewReply(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Finds out a reviewer's mood and answers with the text for it."""

    def __init__(self) -> None:
        super().__init__()
        self.read = dspy.Predict('review: str -> mood: Literal["happy", "angry"]')

    async def aforward(self, review: str) -> dspy.Prediction:
        mood = (await self.read.acall(review=review)).mood
        return dspy.Prediction(mood=mood, reply=REPLIES[mood])


# endregion
