"""A sign of life each second, while the loop turns: a loop that stands still is silent, and then it is
dead.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from dspex.messages import Beat
from dspex.subjects import beat_subject
from dspex_pool.bus import Bus
from dspex_pool.config import PoolConfig
from dspex_pool.slots import Slots

EVERY_S: Final = 1.0
_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def rss_bytes() -> int:
    """0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


async def beat(
    bus: Bus, config: PoolConfig, slots: Slots, draining: Callable[[], bool], position: Callable[[], int]
) -> None:
    subject = beat_subject(config.pool, config.worker)
    while True:
        sign = Beat(
            pool=config.pool,
            worker=config.worker,
            incarnation=config.incarnation,
            # One that drains has no room, whatever it still runs.
            slots=0 if draining() else slots.usable,
            busy=slots.busy,
            rss_bytes=rss_bytes(),
            sequence=position(),
        )
        if bus.connected.is_set():
            await bus.publish(subject, msgspec.json.encode(sign))
        await asyncio.sleep(EVERY_S)
