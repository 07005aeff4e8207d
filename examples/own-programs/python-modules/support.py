"""Modules and tools of the example application, loaded by the general pool."""

import dspex
import dspy


# region module
@dspex.program("draft-and-check", signature="message: str, facts: list[str] -> reply: str(max_length=1000)")
class DraftAndCheck(dspy.Module):
    """Drafts a reply, then rewrites it so that it says nothing beyond the facts."""

    def __init__(self) -> None:
        super().__init__()
        self.draft = dspy.Predict("message, facts -> draft")
        self.check = dspy.Predict("draft, facts -> reply")

    async def aforward(self, message: str, facts: list[str]) -> dspy.Prediction:
        draft = (await self.draft.acall(message=message, facts=facts)).draft
        return await self.check.acall(draft=draft, facts=facts)


# endregion


# region tool
@dspex.tool(name="opening-hours")
def opening_hours(weekday: str) -> str:
    """When the office is open on a weekday."""
    return "closed" if weekday.lower() in ("saturday", "sunday") else "9 to 17"


# endregion
