"""Programs whose every run leaves a trace in a file, so that runs are counted whatever dies meanwhile."""

import asyncio
import os
import time
from pathlib import Path

import dspex
from dspex.errors import DspexError


def _leave_trace(key: str) -> None:
    trace = f"{key} {int(time.time() * 1000)} {os.getpid()}\n".encode()
    file = os.open(os.environ["DSPEX_TEST_RUNS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, trace)
    finally:
        os.close(file)


@dspex.program("tally_python", signature="key: str -> seen: str")
async def tally_python(key: str) -> str:
    _leave_trace(key)
    await asyncio.sleep(0.02)
    return key


@dspex.program("tally_flaky", signature="key: str -> seen: str")
async def tally_flaky(key: str) -> str:
    """Fails the first time, whoever runs it."""
    _leave_trace(key)
    try:
        (Path(os.environ["DSPEX_TEST_RUNS"]).parent / f"{key}.failed-once").touch(exist_ok=False)
    except FileExistsError:
        return key
    raise DspexError("lm_unavailable", "the first time never works")
