"""The versions of one program: which there are, which is in use, which is tried beside it."""

from __future__ import annotations

from typing import Any

from dspex.client.admin_request import admin_request
from dspex.client.api import Api
from dspex.client.optimize_answers import VersionsInfo
from dspex.codec import decode


class Versions:
    """`client.versions(program)`; what changes something needs the admin right."""

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._name = name

    async def list(self) -> VersionsInfo:
        return decode(VersionsInfo, await self._api.request("program.versions", {"name": self._name}))

    async def describe(self, version: str) -> dict[str, Any]:
        """Its definition."""
        body = {"name": self._name, "version": version}
        found: dict[str, Any] = await self._api.request("program.describe", body)
        return found

    async def promote(self, version: str, *, pin: bool = False, reason: str | None = None) -> bool:
        """In use for all users from now on; `pin`: whatever is declared. Returns whether that is new.

        Raises `unknown_version`, and `conflict` for one that was withdrawn.
        """
        return await self._change("promote", version=version, pin=pin, reason=reason)

    async def canary(
        self,
        version: str,
        *,
        share: float | None = None,
        max_outcomes: int | None = None,
        reason: str | None = None,
    ) -> bool:
        """Beside the one in use, with a share of the requests (0.1, at most 0.5), until they show that it is
        better or worse. Raises `conflict` where another one is tried, or this one is in use.
        """
        more = {"share": share, "maxOutcomes": max_outcomes, "reason": reason}
        return await self._change("canary", version=version, **more)

    async def withdraw(self, version: str, *, reason: str | None = None) -> bool:
        """It cannot be promoted any more; a canary is over. Raises `conflict` for the one in use."""
        return await self._change("withdraw", version=version, reason=reason)

    async def roll_back(self, *, reason: str | None = None) -> str:
        """Returns the version before, which is in use now. Raises `conflict` where none was promoted."""
        answer = await admin_request(self._api, "program.rollback", self._body(reason=reason))
        return str(answer["version"])

    async def _change(self, verb: str, **given: Any) -> bool:
        answer = await admin_request(self._api, f"program.{verb}", self._body(**given))
        return answer["changed"] is True

    def _body(self, **given: Any) -> dict[str, Any]:
        return {"name": self._name} | {name: value for name, value in given.items() if value is not None}
