import pytest

import dspex
from dspex.decorators import Registry, registry
from dspex.errors import DspexError
from dspex.signature import SignatureError


@pytest.fixture(autouse=True)
def empty_registry():
    registry.clear()
    yield
    registry.clear()


def test_a_function_is_registered_and_stays_what_it_is():
    @dspex.program("upper", signature="text: str -> result: str", timeout_ms=100)
    def upper(text):
        """Makes it loud.

        More about it.
        """
        return {"result": text.upper()}

    found = registry.programs["upper"]
    assert upper(text="a") == {"result": "A"}
    assert (found.kind, found.target, found.description) == ("function", upper, "Makes it loud.")
    assert [field.name for field in found.signature.inputs] == ["text"]
    assert found.timeout_ms == 100


def test_a_class_is_a_module():
    class Base:
        """Not its own text."""

    @dspex.program(signature="question -> answer", model="small", temperature=0.0)
    class QA(Base):
        def forward(self, question):
            return question

    found = registry.programs["QA"]
    assert (found.kind, found.target, found.description, found.model) == ("module", QA, None, "small")


def test_a_program_names_variables_and_finds_none_outside_of_a_pool():
    @dspex.program(signature="text: str -> said: str", variables={"voice": "tone"})
    def say(text):
        return text + dspex.variable("voice", "!")

    assert registry.programs["say"].variables == {"voice": "tone"}
    assert say("a") == "a!"
    assert dspex.variable("voice") is None


def test_tools_with_and_without_arguments():
    @dspex.tool
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    @dspex.tool(name="minus", description="Takes away.")
    def subtract(a: int, b: int) -> int:
        return a - b

    assert registry.tools["add"].target is add
    assert registry.tools["add"].description == "Adds."
    assert registry.tools["minus"].target is subtract
    assert registry.tools["minus"].description == "Takes away."


def test_a_signature_that_does_not_parse_is_an_error_at_import():
    with pytest.raises(SignatureError):
        dspex.program("x", signature="question: strr -> answer")


def test_a_name_that_is_no_token_is_refused():
    with pytest.raises(DspexError, match=r"a\.b"):
        dspex.program("a.b", signature="a -> b")(lambda a: a)


def test_a_name_that_is_taken_is_refused_but_the_same_module_again_is_not():
    def one(a):
        return a

    def two(a):
        return a

    for _ in range(2):
        dspex.program("p", signature="a -> b")(one)
    with pytest.raises(ValueError, match='program "p" is registered by'):
        dspex.program("p", signature="a -> b")(two)


def test_registries_are_apart():
    assert Registry().programs is not Registry().programs
