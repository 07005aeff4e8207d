"""Stores a message in the log: the same message again until the log has it or nobody waits."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

from dspex.client.bus import Bus, NoAnswerError
from dspex.error_codes import ErrorCode
from dspex.errors import DspexError
from dspex.wire_json import WireJsonError, loads

_ACK_TIMEOUT_S = 5.0
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0
_LOG_FULL = 10077

_random = secrets.SystemRandom()


class LogFullError(DspexError):
    def __init__(self, description: str) -> None:
        super().__init__("overloaded", f"the log is full: {description}", retry_after_ms=5_000)


async def store(
    bus: Bus, subject: str, body: bytes, headers: dict[str, str] | None, give_up_at: float
) -> int:
    """Returns the log's sequence. `give_up_at` is on the monotonic clock.

    Not stored, or not known to be: again after 100 ms, doubling to 5 s with jitter. A second copy does no
    harm, as its id is the same. Raises `unavailable`, `overloaded`, or at once what the log refuses for good.
    """
    wait_s = _FIRST_WAIT_S
    while True:
        left = give_up_at - time.monotonic()
        try:
            return _sequence(await bus.request(subject, body, max(min(_ACK_TIMEOUT_S, left), 0.001), headers))
        except (NoAnswerError, LogFullError):
            left = give_up_at - time.monotonic()
            if left <= 0:
                raise
            if bus.is_connected:
                await asyncio.sleep(min(wait_s * _random.uniform(0.5, 1.0), left))
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            else:
                await bus.connected(left)


def _sequence(message: Any) -> int:
    """The sequence of a PubAck, or the reason why there is none."""
    try:
        ack = loads(message.data)
    except WireJsonError as error:
        raise DspexError("internal", f"an acknowledgement that is none: {error}") from error
    refusal = ack.get("error") if isinstance(ack, dict) else None
    if isinstance(refusal, dict):
        description = str(refusal.get("description"))
        if refusal.get("err_code") == _LOG_FULL:
            raise LogFullError(description)
        code: ErrorCode = "unavailable" if int(refusal.get("code", 0)) >= 500 else "internal"
        raise DspexError(code, f"the log refused the message: {description}")
    if not isinstance(ack, dict) or not isinstance(ack.get("seq"), int):
        raise DspexError("internal", f"an acknowledgement that is none: {message.data[:200]!r}")
    return int(ack["seq"])
