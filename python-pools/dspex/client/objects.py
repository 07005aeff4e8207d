"""Claim check on the client's side: large inputs are put into the object bucket through the gateway before
the request goes out, references in outputs are fetched before the application sees them.
"""

from __future__ import annotations

import hashlib
from typing import Any

from dspex.client.api import Api, Piece
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.limits import MAX_BODY_BYTES, MAX_INLINE_VALUE_BYTES, MAX_PIECE_BYTES
from dspex.messages import Reference
from dspex.wire_json import dumps, loads

# Room for the rest of the request around its values.
_ENVELOPE_BYTES = 16_384


class Objects:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def shrink(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Replaces values above 256 KiB, then the largest until the request fits, by references."""
        sized = sorted(((len(dumps(value)), name) for name, value in inputs.items()), reverse=True)
        total = sum(size for size, _ in sized)
        if total <= MAX_INLINE_VALUE_BYTES:
            return inputs
        shrunk = dict(inputs)
        for size, name in sized:
            if size <= MAX_INLINE_VALUE_BYTES and total <= MAX_BODY_BYTES - _ENVELOPE_BYTES:
                break
            shrunk[name] = await self.put(dumps(inputs[name]), "application/json")
            total -= size
        return shrunk

    async def expand(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Puts the values back that travelled as references."""
        return {
            name: loads(await self.get(value)) if _is_reference(value) else value
            for name, value in outputs.items()
        }

    async def put(self, data: bytes, content_type: str) -> dict[str, Any]:
        """Stores `data` under the user's prefix and returns the reference to it."""
        digest = hashlib.sha256(data).hexdigest()
        about = {"sizeBytes": len(data), "sha256": digest, "contentType": content_type}
        answer = await self._api.request("object.put", about)
        upload = answer.get("upload") if isinstance(answer, dict) else None
        for n, start in enumerate(range(0, len(data), MAX_PIECE_BYTES)):
            piece = data[start : start + MAX_PIECE_BYTES]
            answer = await self._api.request_bytes(f"object.put.{upload}.{n}", piece)
        if not _is_reference(answer):
            raise DspexError("internal", f"object.put did not answer with a reference: {answer!r:.200}")
        stored: dict[str, Any] = answer
        return stored

    async def get(self, reference: dict[str, Any]) -> bytes:
        about = decode(Reference, reference).ref
        pieces = [
            piece.data
            async for piece in self._api.pieces("object.get", reference)
            if isinstance(piece, Piece)
        ]
        data = b"".join(pieces)
        if hashlib.sha256(data).hexdigest() != about.sha256:
            raise DspexError("internal", f"object {about.key} arrived broken", retryable=True)
        return data


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"$ref"}
