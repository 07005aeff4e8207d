"""DSPex for Python: call programs (`connect`), and write programs that pools run (`program`, `tool`, `call`
for what they need of other programs, `variable` for what is tuned while they run).

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

__all__ = ["Client", "DspexError", "call", "call_sync", "connect", "program", "tool", "variable"]

_HOME = {
    "Client": "dspex.client.client",
    "DspexError": "dspex.errors",
    "call": "dspex.calls",
    "call_sync": "dspex.calls",
    "connect": "dspex.client.connect",
    "program": "dspex.decorators",
    "tool": "dspex.decorators",
    "variable": "dspex.attempt_variables",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dspex' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
