"""DSPex for Python: call programs (`connect`), and write programs that pools run (`program`, `tool`, `call`
for what they need of other programs, `variable` for what is tuned while they run, `warm` for what they keep
of a session), and build pipelines of programs (`pipeline`).

Importing this package imports neither NATS nor DSPy; each name brings what it needs when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspex.attempt_variables import variable
    from dspex.calls import call, call_sync
    from dspex.client.client import Client
    from dspex.client.connect import connect
    from dspex.decorators import program, tool
    from dspex.errors import DspexError
    from dspex.pipelines.pipeline import pipeline
    from dspex.warm_state import warm

__all__ = [
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

_HOME = {
    "Client": "dspex.client.client",
    "DspexError": "dspex.errors",
    "call": "dspex.calls",
    "call_sync": "dspex.calls",
    "connect": "dspex.client.connect",
    "pipeline": "dspex.pipelines.pipeline",
    "program": "dspex.decorators",
    "tool": "dspex.decorators",
    "variable": "dspex.attempt_variables",
    "warm": "dspex.warm_state",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dspex' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
