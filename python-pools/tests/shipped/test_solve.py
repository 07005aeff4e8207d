"""The module behind program `solve`: what it asks of the calculator, and what it makes of the answers."""

import importlib.util
from pathlib import Path

import dspy
import pytest

import dspex
from dspex.calls import provide_caller

FILE = Path(__file__).resolve().parents[3] / "python-modules" / "solve.py"


@pytest.fixture(scope="module")
def solve():
    spec = importlib.util.spec_from_file_location("solve", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    dspex.decorators.registry.clear()


@pytest.fixture(autouse=True)
def nobody_else_is_called():
    yield
    provide_caller(None)


class FakeCalculator:
    """Answers every call with one result, or an error."""

    def __init__(self, exact=None, error=None):
        self.asked = []
        self._exact, self._error = exact, error

    async def call(self, program, inputs):
        self.asked.append((program, inputs))
        if self._error is not None:
            raise self._error
        return {"result": 0.0, "exact": self._exact}


async def solved_with(solve, expression, calculator):
    provide_caller(calculator)
    lm = dspy.utils.DummyLM([{"expression": expression}])
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter(), trace=[]):
        return await solve.Solve().acall(problem="What is 17 times 23?")


async def test_the_models_expression_is_computed(solve):
    calculator = FakeCalculator(exact="391")
    prediction = await solved_with(solve, "17 * 23", calculator)
    assert (prediction.answer, prediction.working) == ("391", "17 * 23 = 391")
    assert calculator.asked == [("calculator", {"expression": "17 * 23"})]


@pytest.mark.parametrize("code", ["invalid_inputs", "output_invalid"])
async def test_an_expression_that_is_none_is_an_invalid_output(solve, code):
    calculator = FakeCalculator(error=dspex.DspexError(code, "expected a number"))
    with pytest.raises(dspex.DspexError, match="the model's expression: expected a number") as raised:
        await solved_with(solve, "seventeen times twenty-three", calculator)
    assert raised.value.code == "output_invalid"


async def test_any_other_failure_of_the_calculator_stays_what_it_is(solve):
    calculator = FakeCalculator(error=dspex.DspexError("overloaded", "later"))
    with pytest.raises(dspex.DspexError, match="overloaded: later"):
        await solved_with(solve, "17 * 23", calculator)


async def test_outside_a_pool_it_says_where_programs_can_be_called(solve):
    with pytest.raises(dspex.DspexError, match=r"only while a pool answers a request.*dspex\.connect"):
        await solved_with(solve, "17 * 23", None)


def test_it_is_the_program_that_is_declared(solve):
    declared = dspex.decorators.registry.programs["solve"]
    text = (FILE.parents[1] / "services/native/programs/solve.ts").read_text()
    assert dspex.signature.format_signature(declared.signature) in text
