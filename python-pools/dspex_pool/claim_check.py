"""Claim check: values too large for a message lie in the object bucket under their owner's prefix, as JSON,
and a reference travels in their place. Objects are in NATS's own format (ADR-20), read by direct get.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any, Final

import msgspec

from dspex.errors import DspexError
from dspex.limits import MAX_BODY_BYTES, MAX_INLINE_VALUE_BYTES, MAX_PIECE_BYTES
from dspex.messages import Reference, ReferenceRef
from dspex.subjects import VALUE_BUCKET
from dspex_pool.publisher import Publisher
from dspex_pool.reader import Reader

JSON: Final = "application/json"
"""Room for the rest of a message around its values."""
ENVELOPE_BYTES: Final = 98_304
"""A reference in place of a value that is no larger would save nothing."""
LEAST_MOVED_BYTES: Final = 1_024


class _Meta(msgspec.Struct):
    nuid: str
    chunks: int
    size: int
    digest: str = ""
    deleted: bool = False


def looks_like_reference(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and "$ref" in value


def may_have_references(raw: bytes) -> bool:
    """Whether JSON has to be looked through for references, images' among them; never misses one."""
    return b'"$ref"' in raw or b'"ref"' in raw


class ClaimCheck:
    def __init__(self, publisher: Publisher, reader: Reader, bucket: str = VALUE_BUCKET) -> None:
        self._publisher = publisher
        self._reader = reader
        self._bucket = bucket
        self._stream = f"OBJ_{bucket}"

    async def expand(self, values: dict[str, Any], user: str, side: str = "inputs") -> dict[str, Any]:
        """Puts values in place of their references; an image becomes one by a `data:` URL.

        @raises DspexError `invalid_inputs` for none of ours or another user's, `gone` for lost bytes.
        """
        return {name: await self._expand(value, user, f"{side}.{name}") for name, value in values.items()}

    async def shrink(self, values: dict[str, Any], user: str) -> dict[str, Any]:
        """Replaces each value above 256 KiB, then the largest until all fit; the same dict when nothing had
        to move.
        """
        sizes = {name: msgspec.json.encode(value) for name, value in values.items()}
        total = sum(map(len, sizes.values()))
        if total <= MAX_INLINE_VALUE_BYTES:
            return values
        shrunk = dict(values)
        for name, encoded in sorted(sizes.items(), key=lambda item: len(item[1]), reverse=True):
            fits = total <= MAX_BODY_BYTES - ENVELOPE_BYTES
            if len(encoded) <= LEAST_MOVED_BYTES or (len(encoded) <= MAX_INLINE_VALUE_BYTES and fits):
                break
            shrunk[name] = await self.store(encoded, user)
            total -= len(encoded)
        return shrunk

    async def _expand(self, value: Any, user: str, path: str) -> Any:
        if isinstance(value, list):
            return [await self._expand(item, user, f"{path}[{n}]") for n, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if looks_like_reference(value):
            data, content_type = await self._load(value, user, path)
            if content_type == JSON:
                return msgspec.json.decode(data)
            if content_type.startswith("text/"):
                return data.decode()
            return {"$bytes": base64.b64encode(data).decode()}
        if len(value) == 1 and isinstance(image := value.get("$image"), dict) and "ref" in image:
            data, content_type = await self._load({"$ref": image["ref"]}, user, path)
            return {"$image": {"url": f"data:{content_type};base64,{base64.b64encode(data).decode()}"}}
        return {key: await self._expand(item, user, f"{path}.{key}") for key, item in value.items()}

    async def _load(self, value: dict[str, Any], user: str, path: str) -> tuple[bytes, str]:
        try:
            ref = msgspec.convert(value, Reference).ref
        except msgspec.ValidationError as error:
            raise DspexError("invalid_inputs", f"no reference: {error}", path=path) from None
        if ref.bucket != self._bucket or not ref.key.startswith(f"{user}/"):
            raise DspexError(
                "invalid_inputs", "a reference must lie in its user's part of the bucket", path=path
            )
        name = _subject_name(ref.key)
        stored = await self._reader.last(self._stream, f"$O.{self._bucket}.M.{name}")
        if stored is None and name.endswith("="):
            # Clients differ in whether they pad an object's name in its subject.
            stored = await self._reader.last(self._stream, f"$O.{self._bucket}.M.{name.rstrip('=')}")
        meta = None if stored is None else msgspec.json.decode(stored.data, type=_Meta)
        if meta is None or meta.deleted:
            raise DspexError("gone", f'object "{ref.key}" is gone', path=path)
        pieces = await self._reader.all_of(self._stream, f"$O.{self._bucket}.C.{meta.nuid}", meta.chunks)
        data = b"".join(pieces)
        if len(pieces) != meta.chunks or hashlib.sha256(data).hexdigest() != ref.sha256:
            raise DspexError("gone", f'object "{ref.key}" is not what its reference says', path=path)
        return data, ref.content_type

    async def store(self, data: bytes, user: str) -> Any:
        """Returns the reference. Its meta message comes last: a reader sees it whole or not at all."""
        digest = hashlib.sha256(data)
        # Named by its content: a second delivery of the same work stores the same object again.
        key = f"{user}/{digest.hexdigest()}"
        nuid = secrets.token_hex(11)
        pieces = [data[at : at + MAX_PIECE_BYTES] for at in range(0, len(data), MAX_PIECE_BYTES)]
        for piece in pieces:
            await self._publisher.publish(f"$O.{self._bucket}.C.{nuid}", piece)
        meta = {
            "name": key,
            "bucket": self._bucket,
            "nuid": nuid,
            "size": len(data),
            "chunks": len(pieces),
            "digest": f"SHA-256={base64.urlsafe_b64encode(digest.digest()).decode()}",
        }
        subject = f"$O.{self._bucket}.M.{_subject_name(key)}"
        await self._publisher.publish(subject, msgspec.json.encode(meta))
        ref = ReferenceRef(
            bucket=self._bucket, key=key, size_bytes=len(data), sha256=digest.hexdigest(), content_type=JSON
        )
        return msgspec.to_builtins(Reference(ref=ref))


def _subject_name(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()
