"""One run of a pipeline: its result, its events, what its stages write, and what can be said to it. The run
is in the log; a handle of it can be made anew in any process.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from dspex.client.api import Api, InterruptedAnswerError, MorePieces
from dspex.client.objects import Objects
from dspex.client.pipeline_answers import GraphFormat, PipelineResult, RunEvent, RunProgress
from dspex.client.pipeline_streams import StageChunk, merged_streams, streaming_stages
from dspex.client.signatures import outputs_from_wire
from dspex.codec import decode, decode_bytes
from dspex.errors import DspexError
from dspex.signature import Signature
from dspex.subjects import live_run_subject, token

if TYPE_CHECKING:
    from dspex.client.client import Client

T = TypeVar("T")

# Word of the run may be lost: between two of them it is looked all the same, ever more seldom.
_FIRST_LOOK_S = 2.0
_SELDOM_LOOK_S = 15.0
# A service that dies takes the question along.
_LOOK_TIMEOUT_S = 3.0
_ASK_S = 20.0
# A service that starts anew has the run again after its snapshot and the tail of the log.
RESULT_GIVE_UP_S = 300.0
GIVE_UP_S = 30.0
# Keep-alives come each 3 s.
_SILENCE_S = 10.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class RunParts:
    client: Client
    api: Api
    objects: Objects
    signature: Signature | None = None
    # What it runs, where that is known.
    definition: dict[str, Any] | None = None


class PipelineRun:
    def __init__(self, run: str, parts: RunParts) -> None:
        self.id = token(run, "run")
        self._parts = parts
        self._definition = parts.definition

    async def result(self) -> PipelineResult:
        """The whole result, whatever its status. Waits for it."""
        came = asyncio.Event()
        look_s = _FIRST_LOOK_S
        subject = live_run_subject(self._parts.client.user, self.id)
        async with self._parts.api.listening(subject, came.set):
            while True:
                came.clear()
                found = await self._look(RESULT_GIVE_UP_S)
                if found is not None:
                    return found
                with suppress(TimeoutError):
                    async with asyncio.timeout(look_s):
                        await came.wait()
                look_s = min(2 * look_s, _SELDOM_LOOK_S)

    async def outputs(self) -> dict[str, Any]:
        """Raises the run's error when it failed or was cancelled."""
        result = await self.result()
        if result.status == "succeeded":
            return result.outputs or {}
        if result.error is None:
            raise DspexError("internal", f"run {self.id} {result.status} without an error")
        raise DspexError.from_wire(result.error)

    async def look(self) -> PipelineResult | None:
        """The result if it is there, None while the run is on. Raises `not_found` where there is no run."""
        return await self._look(GIVE_UP_S)

    async def progress(self) -> RunProgress:
        """How far it is: status, percent, and each stage."""
        return decode(RunProgress, await self._ask("get"))

    async def events(self, *, after: int = 0) -> AsyncGenerator[RunEvent, None]:
        """What happens in it, from its beginning or behind a sequence, until it has finished: over lost
        connections and services that start anew, none missing, none twice.
        """
        last, trouble_since = after, None
        word = live_run_subject(self._parts.client.user, self.id)
        pause_s = _FIRST_PAUSE_S
        while True:
            body = {"run": self.id, **({"after": last} if last > 0 else {})}
            has_more = False
            try:
                async with aclosing(
                    self._parts.api.pieces("pipeline.events", body, silence_s=_SILENCE_S, restarts=word)
                ) as pieces:
                    async for piece in pieces:
                        trouble_since, pause_s = None, _FIRST_PAUSE_S
                        if isinstance(piece, MorePieces):
                            has_more = True
                            continue
                        event = decode_bytes(RunEvent, piece.data)
                        if event.sequence <= last:
                            continue
                        last = event.sequence
                        yield event
                        if event.verb == "finished":
                            return
            except InterruptedAnswerError:
                has_more = True
            except DspexError as error:
                if error.code != "unavailable" or self._parts.api.is_closed:
                    raise
                trouble_since = trouble_since or time.monotonic()
                if time.monotonic() - trouble_since > RESULT_GIVE_UP_S:
                    raise
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                has_more = True
            if not has_more:
                return

    async def stream(
        self, *, after: str | None = None, backpressure: bool = False
    ) -> AsyncGenerator[StageChunk, None]:
        """What its streaming stages write (`stream=True` in their options, or in the run's), as one stream.

        `after` is the `position` of the last chunk that was read, by this process or another.
        """
        first = await self._started()
        streams_all = (first.data.get("options") or {}).get("stream") is True
        streaming = streaming_stages(await self.definition(), streams_all)

        def chunks(stage: int, n: int, place: str | None) -> AsyncGenerator[Any, None]:
            request_id = f"{self._parts.client.user}.p.{self.id}_{stage}_{n}"
            return self._parts.client.stream(request_id, after=place, backpressure=backpressure)

        async with aclosing(merged_streams(self.events(), streaming, chunks, after)) as stream:
            async for chunk in stream:
                yield chunk

    async def signal(
        self, name: str, data: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> None:
        """Tells it what a signal stage waits for; kept where it does not wait yet. The same key again changes
        nothing.
        """
        await self._ask("signal", signal=token(name, "signal"), data=data, key=key)

    async def approve(
        self, name: str, *, approved: bool = True, note: str | None = None, key: str | None = None
    ) -> None:
        """Says yes to an approval stage, or no with `approved=False`."""
        await self.signal(name, {"approved": approved, **({} if note is None else {"note": note})}, key=key)

    async def cancel(self, reason: str | None = None) -> None:
        """Ends it: what runs is cancelled, what was done is undone where the stages say how."""
        await self._ask("cancel", reason=reason)

    async def rerun(
        self, *, start: str | None = None, inputs: Mapping[str, Any] | None = None
    ) -> PipelineRun:
        """Runs it again, from a stage on or with other inputs; what is not touched by that is taken over."""
        # Chosen here, so that who asks twice starts one.
        changes: dict[str, Any] = {"from": start, "inputs": inputs, "as": secrets.token_hex(12)}
        answer = await self._ask("rerun", **changes)
        return PipelineRun(str(answer["run"]), self._parts)

    async def graph(
        self,
        format: GraphFormat = "terminal",  # noqa: A002  # as the command line has it
        *,
        columns: int | None = None,
    ) -> str:
        """Its graph with how far each stage is: lines for a terminal (a list where the boxes are wider than
        `columns`), `mermaid`, or `svg`, a file that stands alone.
        """
        return str((await self._ask("graph", format=format, columns=columns))["text"])

    async def analysis(self) -> dict[str, Any]:
        """Where its time went, and what to change."""
        answer: dict[str, Any] = await self._ask("analysis")
        return answer

    async def definition(self) -> dict[str, Any]:
        """What it runs."""
        if self._definition is None:
            data = (await self._started()).data
            found = data.get("definition")
            if found is None:
                about = {"name": data["pipeline"], "version": data["version"]}
                api = self._parts.api
                found = (await patiently(api, lambda: api.request("pipeline.describe", about)))["definition"]
            self._definition = found
        definition: dict[str, Any] = self._definition
        return definition

    async def _started(self) -> RunEvent:
        async with aclosing(self.events()) as events:
            async for event in events:
                return event
        raise DspexError("not_found", f'run "{self.id}" has no events')

    async def _look(self, give_up_s: float) -> PipelineResult | None:
        api = self._parts.api
        verb = f"pipeline.result.{self.id}"
        answer = await patiently(api, lambda: api.request(verb, {}, timeout_s=_LOOK_TIMEOUT_S), give_up_s)
        if answer.get("status") == "pending":
            return None
        result = decode(PipelineResult, answer)
        if result.outputs is None:
            return result
        outputs = await self._parts.objects.expand(result.outputs)
        signature = self._parts.signature
        typed = outputs if signature is None else outputs_from_wire(signature, outputs)
        return msgspec.structs.replace(result, outputs=typed)

    async def _ask(self, verb: str, **body: Any) -> Any:
        given = {"run": self.id} | {name: value for name, value in body.items() if value is not None}
        api = self._parts.api
        return await patiently(api, lambda: api.request(f"pipeline.{verb}", given, timeout_s=_ASK_S))


async def patiently(api: Api, ask: Callable[[], Awaitable[T]], give_up_s: float = GIVE_UP_S) -> T:
    """Asks again where nobody answers just now. What is asked must be the same when it is asked twice."""
    since, pause_s = time.monotonic(), _FIRST_PAUSE_S
    while True:
        try:
            return await ask()
        except DspexError as error:
            is_late = time.monotonic() - since + pause_s > give_up_s
            if error.code != "unavailable" or is_late or api.is_closed:
                raise
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
