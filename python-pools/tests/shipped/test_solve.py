"""The module behind program `solve`: its arithmetic, and what it makes of a model's answers."""

import importlib.util
from pathlib import Path

import dspy
import pytest

import dspex

FILE = Path(__file__).resolve().parents[3] / "python-modules" / "solve.py"


@pytest.fixture(scope="module")
def solve():
    spec = importlib.util.spec_from_file_location("solve", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    dspex.decorators.registry.clear()


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("17*23", "391"),
        ("2^10", "1024"),
        ("(1+2)\u00d73", "9"),
        ("8 \u00f7 5 \u2212 1", "0.6"),
        ("1/3", "1/3"),
        ("-2 + +5", "3"),
        ("0.1+0.2", "0.3"),
        ("1234567.5*3", "3703702.5"),
        ("2**-2", "0.25"),
    ],
)
def test_calculate(solve, expression, result):
    assert solve.calculate(expression) == result


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "144 /",
        "__import__('os')",
        "True+1",
        "'a'*3",
        "1,2",
        "2**65",
        "9**64**2",
        "x",
        "1e400",
        "1+" * 100 + "1",
    ],
)
def test_what_is_no_arithmetic_is_refused(solve, expression):
    with pytest.raises(ValueError, match=r".+"):
        solve.calculate(expression)


async def solved_with(solve, expression):
    lm = dspy.utils.DummyLM([{"expression": expression}])
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter(), trace=[]):
        return await solve.Solve().acall(problem="What is 17 times 23?")


async def test_the_models_expression_is_computed(solve):
    prediction = await solved_with(solve, "17 * 23")
    assert (prediction.answer, prediction.working) == ("391", "17 * 23 = 391")


@pytest.mark.parametrize("expression", ["seventeen times twenty-three", "1/0"])
async def test_an_expression_that_is_none_is_an_invalid_output(solve, expression):
    with pytest.raises(dspex.DspexError, match="the model's expression") as raised:
        await solved_with(solve, expression)
    assert raised.value.code == "output_invalid"


def test_it_is_the_program_that_is_declared(solve):
    declared = dspex.decorators.registry.programs["solve"]
    text = (FILE.parents[1] / "services/native/programs/solve.ts").read_text()
    assert dspex.signature.format_signature(declared.signature) in text
