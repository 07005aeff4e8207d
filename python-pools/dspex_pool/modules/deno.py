"""Whether Deno is there. What a model wrote runs in its sandbox or not at all: DSPy's other interpreter is a
plain subprocess, and such code must not reach this machine.
"""

from __future__ import annotations

import functools
import shutil


@functools.cache
def missing_deno() -> str | None:
    """Why code cannot be run, or None."""
    try:
        from deno import find_deno_bin  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        found = shutil.which("deno")
    else:
        found = find_deno_bin()
    return None if found else "it runs the model's code in Deno, which is not installed"
