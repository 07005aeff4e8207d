"""What `dspex` shows, and what importing it costs."""

import subprocess
import sys

import pytest

import dspex


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; sys.stdout.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n"))


def test_public_names():
    assert dspex.__all__ == [
        "Client",
        "DspexError",
        "call",
        "call_sync",
        "connect",
        "pipeline",
        "program",
        "tool",
        "variable",
        "warm",
    ]
    assert dir(dspex) == sorted(dspex.__all__)
    for name in dspex.__all__:
        assert getattr(dspex, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = dspex.nothing


def test_importing_the_package_brings_neither_nats_nor_dspy():
    assert not {"nats", "dspy", "msgspec"} & loaded_after("import dspex")


def test_decorating_a_program_brings_neither_nats_nor_dspy():
    code = "import dspex\ndspex.program('a', signature='a -> b')(lambda a: a)"
    assert not {"nats", "dspy"} & loaded_after(code)


def test_calling_a_program_from_another_brings_neither_nats_nor_dspy():
    assert not {"nats", "dspy"} & loaded_after(
        "import dspex\ndspex.call, dspex.call_sync, dspex.variable, dspex.warm"
    )


def test_the_client_never_brings_dspy():
    loaded = loaded_after("import dspex\ndspex.connect")
    assert "nats" in loaded
    assert not {"dspy", "litellm", "pydantic", "opentelemetry.trace"} & loaded
