"""What differs from pool to pool: a package of the pool's name may start companions of its own beside the
worker.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Protocol, cast

from dspex_pool.config import PoolConfig


class PoolPackage(Protocol):
    """`dspex_pool/<pool>/__init__.py`; `start_companions` is optional."""

    start_companions: Callable[[PoolConfig], AbstractAsyncContextManager[Any]]


def companions(config: PoolConfig) -> AbstractAsyncContextManager[Any]:
    """Runs for as long as the worker does; nothing where the pool has none."""
    name = f"dspex_pool.{config.pool}"
    try:
        package = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return nullcontext()
    if not hasattr(package, "start_companions"):
        return nullcontext()
    return cast("PoolPackage", package).start_companions(config)
