"""A program as an application calls it: `await answer(question="…")`, and `submit` for who does not wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dspex.client.options import sort_out
from dspex.client.run import Run
from dspex.client.signatures import inputs_to_wire, signature_of
from dspex.signature import Signature

if TYPE_CHECKING:
    from dspex.client.client import Client


class Program:
    def __init__(self, client: Client, name: str, signature: str | Signature | None) -> None:
        self.name = name
        self._client = client
        self._expected = None if signature is None else signature_of(signature)
        self._is_checked = False

    async def __call__(self, inputs: Mapping[str, Any] | None = None, /, **keywords: Any) -> dict[str, Any]:
        """The outputs. Raises the result's error when it does not succeed.

        Keywords are inputs, except the options `id`, `session`, `version`, `implementation`, `deadline_ms`,
        `priority`, `prefer`, `stream`, `variables`, `budget`, `hedge`; inputs with such a name are passed
        in one mapping: `await answer({"priority": "high"}, priority=9)`.
        """
        run = await self.submit(inputs, **keywords)
        return await run.outputs()

    async def submit(self, inputs: Mapping[str, Any] | None = None, /, **keywords: Any) -> Run:
        """Returns when the request is stored in the log."""
        signature = await self._signature()
        names = None if signature is None else frozenset(field.name for field in signature.inputs)
        values, chosen_id, options = sort_out(inputs, keywords, names)
        wire = values if signature is None else inputs_to_wire(signature, values)
        return await self._client.submit_wire(self.name, wire, options, chosen_id, self._expected, signature)

    def run(self, request_id: str) -> Run:
        """The handle of a request of this program by its id, also one of an earlier life."""
        return self._client.run_of(request_id, self._signature)

    async def _signature(self) -> Signature | None:
        if self._expected is None:
            return await self._client.signatures.current(self.name)
        if not self._is_checked:
            await self._client.signatures.require(self.name, self._expected)
            self._is_checked = True
        return self._expected
