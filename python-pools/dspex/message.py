"""What all messages of the contract have in common in Python."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# JavaScript's: integers of the contract's own members stay within it (values of users do not have to).
MAX_SAFE_INTEGER = 2**53 - 1
Count = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]
PositiveInt = Annotated[int, Meta(gt=0, le=MAX_SAFE_INTEGER)]
SafeInt = Annotated[int, Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]


class Message(Struct, frozen=True, rename="camel", omit_defaults=True):
    """camelCase on the wire, snake_case here; absent there is `None` here and never written as null."""
