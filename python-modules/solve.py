"""Word problems: the model reads the arithmetic out of the text, the computer computes it.

A small model cannot keep an agent's format over several turns, and computes badly; given examples, it can
copy an expression out of a question.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

import dspex
import dspy

MAX_CHARACTERS: Final = 200
MAX_EXPONENT: Final = 64
MAX_BITS: Final = 4_096

# As people write them: the signs for times, divided by and minus.
SPELLINGS: Final = str.maketrans({"\u00d7": "*", "\u00f7": "/", "\u2212": "-", "^": "**"})

OPERATIONS: Final[dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: _power(a, b),
}

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


@dspex.tool
def calculate(expression: str) -> str:
    """Computes + - * / ** and parentheses exactly, e.g. "17*23" or "(2+3)/4"."""
    if len(expression) > MAX_CHARACTERS:
        raise ValueError(f"an expression has at most {MAX_CHARACTERS} characters, not {len(expression)}")
    spelled = expression.translate(SPELLINGS)
    try:
        tree = ast.parse(spelled.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"no arithmetic: {expression!r}") from error
    return _text(_compute(tree.body))


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

    async def aforward(self, problem: str) -> dspy.Prediction:
        expression = (await self.extract.acall(problem=problem)).expression
        try:
            answer = calculate(expression)
        except (ValueError, ZeroDivisionError) as error:
            raise dspex.DspexError("output_invalid", f"the model's expression: {error}") from error
        return dspy.Prediction(answer=answer, working=f"{expression} = {answer}")


def _compute(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value):
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_compute(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _compute(operand)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATIONS:
            return _bounded(OPERATIONS[type(operator)](_compute(left), _compute(right)))
        case _:
            pass
    raise ValueError(f"no arithmetic: {ast.unparse(node)[:MAX_CHARACTERS]!r}")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"a power is a whole number of at most {MAX_EXPONENT}, not {exponent}")
    return base ** int(exponent)


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ValueError("the result is too large")
    return value


def _text(value: Fraction) -> str:
    """Whole numbers and decimals that end as such, others as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(value)
    with localcontext(prec=MAX_BITS):
        return f"{Decimal(value.numerator) / value.denominator:f}"
