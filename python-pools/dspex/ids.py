"""Ids of requests, as schemas/envelope/ids.ts has them: `<user>.<connection>.<n>`, `<user>.x.<chosen>`,
`<user>.log.<sequence>` and the ids that parts make for their users (`p`, `o`, `t`).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

from dspex.subjects import RESERVED_TOKENS, is_token

_COUNT = re.compile(r"[1-9][0-9]{0,15}")


class ConnectionId(NamedTuple):
    """From a client's connection: `n` counts up from 1."""

    user: str
    connection: str
    n: int
    kind: Literal["connection"] = "connection"


class ChosenId(NamedTuple):
    """Chosen by the caller."""

    user: str
    key: str
    kind: Literal["chosen"] = "chosen"


class LogId(NamedTuple):
    """Given by the log to a request that brought none."""

    user: str
    sequence: int
    kind: Literal["log"] = "log"


class DerivedId(NamedTuple):
    """Made by pipelines (`p`), optimisations (`o`) and tool calls (`t`)."""

    user: str
    maker: Literal["p", "o", "t"]
    key: str
    kind: Literal["derived"] = "derived"


RequestId = ConnectionId | ChosenId | LogId | DerivedId


def parse_request_id(request_id: str) -> RequestId | None:
    """None when `request_id` is not an id."""
    parts = request_id.split(".")
    if len(parts) != 3 or not all(is_token(part) for part in parts):
        return None
    user, second, third = parts
    if second == "x":
        return ChosenId(user, third)
    if second in ("p", "o", "t"):
        return DerivedId(user, cast("Literal['p', 'o', 't']", second), third)
    if _COUNT.fullmatch(third) is None:
        return None
    if second == "log":
        return LogId(user, int(third))
    if second in RESERVED_TOKENS:
        return None
    return ConnectionId(user, second, int(third))


def connection_request_id(user: str, connection: str, n: int) -> str:
    return f"{user}.{connection}.{n}"


def chosen_request_id(user: str, key: str) -> str:
    return f"{user}.x.{key}"


def log_request_id(user: str, sequence: int) -> str:
    return f"{user}.log.{sequence}"


def resolve_request_id(user: str, given: str) -> str | None:
    """The full id for what a caller wrote in `Dspex-Id` or `id`: a full id of that user, or a chosen key."""
    if is_token(given):
        return chosen_request_id(user, given)
    parsed = parse_request_id(given)
    # Only the log itself gives out `log` ids: a caller's would collide with another request's.
    if parsed is None or parsed.user != user or isinstance(parsed, LogId):
        return None
    return given
