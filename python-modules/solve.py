"""Word problems: the model reads the arithmetic out of the text, the program `calculator` computes it.

A small model cannot keep an agent's format over several turns, and computes badly; given examples, it can
copy an expression out of a question.
"""

from __future__ import annotations

from typing import Final

import dspy

import dspex

DEMOS: Final = (
    ("What is 6 times 8?", "6*8"),
    ("What is 56 divided by 7?", "56/7"),
    ("Anna has 12 apples and buys 7 more. How many has she now?", "12+7"),
    ("A shop had 120 loaves and sold 45. How many are left?", "120-45"),
    ("Five friends share 40 sweets equally. How many does each get?", "40/5"),
    ("A ticket costs 9 euros. What do 14 tickets cost?", "14*9"),
    ("There are 21 boys and 16 girls. How many children are there together?", "21+16"),
    ("What is (3+4)*5?", "(3+4)*5"),
    ("What is 90 minus 35?", "90-35"),
)
# What the calculator says of an expression that is none, or whose result is none.
NO_ARITHMETIC: Final = ("invalid_inputs", "output_invalid")


@dspex.program("solve", signature="problem: str(min_length=1) -> answer: str, working: str")
class Solve(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Solves an arithmetic word problem: the model writes the expression, which is then computed exactly."""

    def __init__(self) -> None:
        super().__init__()
        self.extract = dspy.Predict(
            dspy.Signature(
                "problem -> expression", "Write the arithmetic expression that solves the problem."
            )
        )
        self.extract.demos = [
            dspy.Example(problem=problem, expression=expression).with_inputs("problem")
            for problem, expression in DEMOS
        ]

    # region call
    async def aforward(self, problem: str) -> dspy.Prediction:
        expression = (await self.extract.acall(problem=problem)).expression
        try:
            answer = (await dspex.call("calculator", expression=expression))["exact"]
        except dspex.DspexError as error:
            if error.code not in NO_ARITHMETIC:
                raise
            raise dspex.DspexError("output_invalid", f"the model's expression: {error.message}") from error
        return dspy.Prediction(answer=answer, working=f"{expression} = {answer}")

    # endregion
