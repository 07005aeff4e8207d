"""Tells the programs service which users' modules this pool has, until it has heard."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from nats.errors import Error as NatsError

from dspex import wire_json
from dspex.subjects import pool_modules_subject
from dspex_pool.bus import Bus
from dspex_pool.entries import Entries

TIMEOUT_S: Final = 5.0
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 10.0
MAX_LOGGED: Final = 500

logger = logging.getLogger("dspex.announce")


async def announce(bus: Bus, pool: str, entries: Entries) -> None:
    body = wire_json.dumps(entries.announcement())
    pause_s = FIRST_PAUSE_S
    while True:
        await bus.connected.wait()
        try:
            reply = await bus.request(pool_modules_subject(pool), body, TIMEOUT_S)
        except NatsError as error:
            logger.debug("nobody hears of the modules yet: %s", type(error).__name__)
        else:
            if _is_heard(reply.data):
                logger.info("announced %d modules", len(entries.names))
                return
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _is_heard(answer: bytes) -> bool:
    """The answer is `{modules: [{name, version} | {name, error}]}`, or an error as a whole."""
    try:
        body = wire_json.loads(answer)
    except wire_json.WireJsonError:
        body = None
    if not isinstance(body, dict) or "code" in body:
        logger.warning("the announcement was refused: %s", str(body)[:MAX_LOGGED])
        return False
    for module in body.get("modules", []):
        if "error" in module:
            logger.error("module %s is not registered: %s", module.get("name"), module["error"])
    return True
