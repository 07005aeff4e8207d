"""Programs for tests of what is chosen: one that is steady, one that fails for some keys until it is asked again."""

import asyncio

import dspex
from dspex.errors import DspexError

_asked: set[str] = set()


@dspex.program("steady", signature="key: str -> seen: str")
async def steady(key: str) -> str:
    await asyncio.sleep(0.02)
    return key


@dspex.program("shaky", signature="key: str -> seen: str")
async def shaky(key: str) -> str:
    """Keys on 3 fail the first time, keys on 7 have an output that cannot be used."""
    if key.endswith("7"):
        raise DspexError("output_invalid", "as the test wants it")
    if key.endswith("3") and key not in _asked:
        _asked.add(key)
        raise DspexError("lm_unavailable", "as the test wants it")
    return key
