"""What this worker is told while it works: cancel, drain, credit. What it does not understand it leaves
alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import assert_never

import msgspec
from nats.aio.msg import Msg

from dspex.messages import CancelControl, Control, CreditControl, DrainControl
from dspex.subjects import control_subject
from dspex_pool.bus import Bus
from dspex_pool.worker import Worker

logger = logging.getLogger("dspex.control")
_decoder = msgspec.json.Decoder(Control)


async def listen_to_control(
    bus: Bus, pool: str, name: str, worker: Worker, drain: Callable[[], None]
) -> None:
    async def on_control(message: Msg) -> None:
        try:
            control = _decoder.decode(message.data)
        except msgspec.DecodeError as error:
            logger.warning("control message is none of ours: %s", error)
            return
        match control:
            case CancelControl(id=request_id, reason=reason):
                worker.cancel(request_id, reason)
            case CreditControl():
                worker.give_credit(control)
            case DrainControl():
                drain()
            case _ as unreachable:
                assert_never(unreachable)

    for target in (name, "any"):
        await bus.listen(control_subject(pool, target), on_control)
