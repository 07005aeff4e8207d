"""Imports and configures DSPy, once, in the main thread, before the loop.

DSPy keeps prompts and answers of everybody in process-wide caches and histories by default; in a process that
works for several users all of them are off. What differs from one attempt to the next goes through
`dspy.context`.
"""

from __future__ import annotations

import logging
import os

# Read at the first look-up of a model's metadata, which would go to the network for it.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")

import dspy

from dspex_pool.adapters import ChatAdapter, JSONAdapter, XMLAdapter


def configure_dspy() -> None:
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    dspy.configure(
        adapter=dspy.JSONAdapter(),
        disable_history=True,
        max_trace_size=1_000,
        # Their text goes to the log, and it is made of prompts and answers.
        warn_on_type_mismatch=False,
    )
    # DSPy's own warnings quote what the model said: the attempt's error says what matters.
    quiet = logging.getLogger("dspy")
    quiet.handlers.clear()
    quiet.propagate = True
    quiet.setLevel(logging.ERROR)


def make_adapter(name: str | None) -> dspy.Adapter:
    match name:
        case None | "json":
            return JSONAdapter()
        case "chat":
            return ChatAdapter()
        case "xml":
            return XMLAdapter()
        case _:
            raise ValueError(f"unknown adapter {name!r}")
