"""What only administrators may ask."""

from __future__ import annotations

from typing import Any, Final

from dspex.client.api import Api
from dspex.client.bus import NobodyThereError
from dspex.errors import DspexError

_TIMEOUT_S: Final = 10.0


async def admin_request(api: Api, verb: str, body: Any, *, timeout_s: float = _TIMEOUT_S) -> Any:
    """Raises `not_allowed` for a user without the right."""
    try:
        return await api.request(verb, body, timeout_s=timeout_s, admin=True)
    except NobodyThereError as nobody:
        # Who has not the right reaches nobody there; the same verb for all says which of the two it is.
        refusal = await _refusal(api, verb, body)
        if refusal is None:
            raise
        try:
            # Or the service has come back in between: an administrator reaches it now.
            return await api.request(verb, body, timeout_s=timeout_s, admin=True)
        except NobodyThereError:
            raise refusal from nobody


async def _refusal(api: Api, verb: str, body: Any) -> DspexError | None:
    try:
        await api.request(verb, body)
    except DspexError as error:
        if error.code != "not_allowed":
            raise
        return error
    return None
