"""Signatures of programs as the system has them registered, so that inputs are checked before they are sent
and outputs arrive as Python values (dates, bytes, images).
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, NamedTuple

from dspex.client.api import Api
from dspex.errors import DspexError
from dspex.signature import (
    Signature,
    SignatureProblem,
    ValuesError,
    decode_outputs,
    encode_inputs,
    parse_signature,
    signature_from_json,
    signature_to_json,
)
from dspex.subjects import token

_log = logging.getLogger("dspex.client")

# A newer version of a program is noticed after this.
_FRESH_S = 30.0
_TIMEOUT_S = 3.0


class Known(NamedTuple):
    fresh_until: float
    version: str
    # None: the system did not tell.
    signature: Signature | None


class Signatures:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._current: dict[str, Known] = {}
        self._asking: dict[str, asyncio.Future[Known]] = {}
        self._of_version: dict[tuple[str, str], Signature] = {}

    async def describe(self, name: str, version: str | None = None) -> dict[str, Any]:
        """The definition as the system tells it, with whatever a later version adds."""
        body = {"name": token(name, "program")} | ({} if version is None else {"version": version})
        answer = await self._api.request("program.describe", body, timeout_s=_TIMEOUT_S)
        if not isinstance(answer, dict):
            raise DspexError(
                "internal", f"program.describe did not answer with a definition: {answer!r:.200}"
            )
        return answer

    async def current(self, name: str) -> Signature | None:
        """None where the system does not tell: then the router alone checks the inputs."""
        known = self._current.get(name)
        if known is None or time.monotonic() >= known.fresh_until:
            # Of many calls at once, one asks.
            asking = self._asking.get(name)
            if asking is None:
                asking = self._asking[name] = asyncio.ensure_future(self._ask(name))
                asking.add_done_callback(lambda _: self._asking.pop(name, None))
            known = await asyncio.shield(asking)
        return known.signature

    async def of_result(self, name: str, version: str | None) -> Signature | None:
        """The signature of the version that answered."""
        known = self._current.get(name)
        if known is None or known.signature is None:
            return None
        if version is None or known.version == version:
            return known.signature
        key = (name, version)
        if key not in self._of_version:
            try:
                self._of_version[key] = (await self._fetch(name, version))[1]
            except DspexError:
                return known.signature
        return self._of_version[key]

    async def require(self, name: str, expected: Signature) -> None:
        """Raises `conflict` when the program is registered with other inputs or outputs than `expected`."""
        registered = _signature_in(await self.describe(name))
        if _without_texts(signature_to_json(registered)) != _without_texts(signature_to_json(expected)):
            raise DspexError(
                "conflict", f'program "{name}" is registered with another signature', path="signature"
            )

    async def _ask(self, name: str) -> Known:
        version, signature = "", None
        try:
            version, signature = await self._fetch(name, None)
        except DspexError as error:
            if error.code not in ("unavailable", "unknown_program", "not_found", "not_allowed"):
                raise
            _log.info('the signature of program "%s" is not known, its values stay JSON: %s', name, error)
        known = self._current[name] = Known(time.monotonic() + _FRESH_S, version, signature)
        return known

    async def _fetch(self, name: str, version: str | None) -> tuple[str, Signature]:
        definition = await self.describe(name, version)
        return str(definition.get("version", "")), _signature_in(definition)


def _signature_in(definition: dict[str, Any]) -> Signature:
    try:
        return signature_from_json(definition.get("signature"))
    except SignatureProblem as error:
        raise DspexError("internal", f"program.describe: {error}") from error


def inputs_to_wire(signature: Signature, values: dict[str, Any]) -> dict[str, Any]:
    try:
        return encode_inputs(signature, values)
    except ValuesError as error:
        raise _as_dspex_error(error) from error


def outputs_from_wire(signature: Signature, wire: dict[str, Any]) -> dict[str, Any]:
    try:
        return decode_outputs(signature, wire)
    except ValuesError as error:
        raise _as_dspex_error(error) from error


def signature_of(text_or_signature: str | Signature) -> Signature:
    if isinstance(text_or_signature, Signature):
        return text_or_signature
    try:
        return parse_signature(text_or_signature)
    except SignatureProblem as error:
        raise DspexError("invalid_inputs", str(error), path="signature") from error


def _as_dspex_error(error: ValuesError) -> DspexError:
    problems = [problem.to_json() for problem in error.problems]
    return DspexError(error.code, str(error), path=error.problems[0].path, details={"problems": problems})


def _without_texts(value: Any) -> Any:
    """Descriptions and instructions may differ: they change no type."""
    if isinstance(value, dict):
        return {k: _without_texts(v) for k, v in value.items() if k not in ("description", "instructions")}
    return [_without_texts(item) for item in value] if isinstance(value, list) else value
