"""A warm spare: everything is imported, nothing is connected; it waits for the name of a process that has
died.
"""

from __future__ import annotations

import sys

import msgspec

from dspex_pool.config import PoolConfig


class _Take(msgspec.Struct):
    worker: str
    incarnation: str


class _Line(msgspec.Struct):
    take: _Take


def wait_for_name(config: PoolConfig) -> PoolConfig | None:
    """Blocks, before there is a loop. None when the supervisor is gone."""
    for line in sys.stdin.buffer:
        if line.strip():
            take = msgspec.json.decode(line, type=_Line).take
            return config.taking(take.worker, take.incarnation)
    return None
