"""Entries that every pool has: `echo` returns its inputs, `ping` says who answers.

A signature's names are distinct, so echo's first input is its first output, the second the second, and so on.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from dspex_pool.config import PoolConfig

"""Outputs from inputs and the names of the outputs, both in the signature's order."""
Builtin = Callable[[dict[str, Any], list[str]], dict[str, Any]]


def builtin_entries(config: PoolConfig) -> Mapping[str, Builtin]:
    who = {
        "ok": True,
        "dspyVersion": version("dspy"),
        "pythonVersion": platform.python_version(),
        "pool": config.pool,
        "worker": config.worker,
    }
    return {
        "echo": lambda values, outputs: dict(zip(outputs, values.values(), strict=False)),
        "ping": lambda _, outputs: {name: who[name] for name in outputs if name in who},
    }
