"""A message as a consumer delivered it, with what the server put into its acknowledgement subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>; with a domain, two
# tokens more after ACK (and one at the end).
_TOKENS = 9
_PREFIX = "$JS.ACK."
"""What is cancelled is told to who holds it: what lay in the consumer by then would be run for nothing."""
LONG_WAIT_S: Final = 1.0


@dataclass(slots=True)
class Delivery:
    subject: str
    data: bytes
    headers: Mapping[str, str]
    """Where `+ACK`, `-NAK`, `+WPI` and `+TERM` go."""
    ack_subject: str
    """1 = first time; more = somebody had it before and did not acknowledge."""
    deliveries: int
    sequence: int
    consumer_sequence: int
    """When the log stored it, seconds since 1970."""
    stored_at: float
    """Messages that the consumer has left."""
    pending: int
    """A server that was killed forgets what it delivered last, and delivers it as for the first time."""
    forgotten: bool = False
    """How long it lay in the consumer before somebody here had room for it."""
    waited_s: float = 0.0

    @property
    def doubtful(self) -> bool:
        """Somebody may have had it before, or nobody wants it any more: look before running it."""
        return self.deliveries > 1 or self.forgotten or self.waited_s > LONG_WAIT_S


def read_delivery(
    subject: str, reply: str, data: bytes, headers: Mapping[str, str] | None
) -> Delivery | None:
    """None where the reply is no acknowledgement subject, so the message is no delivery."""
    if not reply.startswith(_PREFIX):
        return None
    tokens = reply.split(".")
    at = 4 if len(tokens) == _TOKENS else 6
    if len(tokens) < at + 5:
        return None
    return Delivery(
        subject=subject,
        data=data,
        headers=headers or {},
        ack_subject=reply,
        deliveries=int(tokens[at]),
        sequence=int(tokens[at + 1]),
        consumer_sequence=int(tokens[at + 2]),
        stored_at=int(tokens[at + 3]) / 1_000_000_000,
        pending=int(tokens[at + 4]),
    )
