"""The library that applications import: publishes requests, awaits their results, asks the API."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import msgspec

from dspex import headers
from dspex.cancellation import ended
from dspex.client.api import Api
from dspex.client.bus import Bus
from dspex.client.later import LaterResults
from dspex.client.objects import Objects
from dspex.client.observe import StoryEvent, observe, story
from dspex.client.optimize import ProgramOptimization, start_optimization
from dspex.client.pending import PendingResults, Waiting
from dspex.client.pipeline_run import RunParts as PipelineParts
from dspex.client.pipelines import Definition, Pipelines, RunnablePipeline
from dspex.client.program import Program
from dspex.client.publisher import store
from dspex.client.run import Run, RunParts
from dspex.client.session import Session, erase_user_data, list_sessions
from dspex.client.session_answers import SessionInfo, UserErasure
from dspex.client.signatures import Signatures, outputs_from_wire
from dspex.client.streams import DEFAULT_ROOM, StreamChunk, StreamSource
from dspex.client.trace import current_traceparent
from dspex.client.versions import Versions
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.ids import LogId, connection_request_id, parse_request_id, resolve_request_id
from dspex.limits import DEFAULT_DEADLINE_MS, MAX_BODY_BYTES, MAX_INLINE_VALUE_BYTES
from dspex.messages import REQUEST_TYPE, Explanation, Feedback, Result
from dspex.request_hash import request_hash
from dspex.signature import Signature
from dspex.subjects import request_subject, token
from dspex.variables import Variables
from dspex.wire_json import WireJsonError, dumps


class Client:
    """Made by `dspex.connect()`; one NATS connection, for one event loop."""

    def __init__(self, bus: Bus, user: str, pending: PendingResults) -> None:
        self.user = user
        self._bus = bus
        self._pending = pending
        self._api = Api(bus, user)
        self._objects = Objects(self._api)
        self._later = LaterResults(self._api, pending, self._objects)
        self.signatures = Signatures(self._api)
        self.variables = Variables(self._api)
        self.pipelines = Pipelines(PipelineParts(self, self._api, self._objects))
        self._connection = secrets.token_hex(9)
        self._n = 0

    async def start(self) -> Self:
        await self._pending.listen(self._connection)
        return self

    async def close(self) -> None:
        """Results that are waited for fail with `unavailable`; the requests themselves go on."""
        await self._pending.close()
        await self._bus.close()

    def program(self, name: str, signature: str | Signature | None = None) -> Program:
        """A program to call. With a signature: `conflict` where the registered one differs."""
        return Program(self, token(name, "program"), signature)

    def pipeline(
        self, pipeline: Definition | str, signature: str | Signature | None = None
    ) -> RunnablePipeline:
        """A pipeline to run: one that was built, a definition as JSON, or the name of a registered one."""
        return self.pipelines.runnable(pipeline, signature)

    def session(self, session_id: str | None = None, *, ttl_ms: int | None = None) -> Session:
        """A conversation by its name, or a new one. It expires when it was idle for `ttl_ms`."""
        return Session(self, self._api, self._objects, session_id, ttl_ms)

    def sessions(self, *, status: str | None = None) -> AsyncGenerator[SessionInfo, None]:
        """Own sessions by name; `status`: `open`, `closed`, `expired` or `erased`."""
        return list_sessions(self._api, status)

    async def erase_user_data(self) -> UserErasure:
        """Erases all that the system holds of this user, down to the bytes: every session, and requests,
        results and large values outside of sessions. What still runs is erased when it comes. Cannot be
        undone.
        """
        return await erase_user_data(self._api, self.user)

    async def result(self, request_id: str, *, wait_ms: int = 0) -> Result:
        """The result of a request by its id (full or chosen), also one of an earlier life of the application.

        Raises `not_found` for an id that the log does not know, `unavailable` while it is not finished after
        `wait_ms`.
        """
        full = self._full_id(request_id)
        stored = await self._later.find(full, wait_ms)
        if stored is None:
            raise DspexError("unavailable", f"{full} is not finished yet", retryable=True)
        if stored.outputs is not None:
            await self.signatures.current(stored.program)
        return await self._typed(stored, None)

    async def cancel(self, request_id: str) -> str:
        """Returns the status, once the wish is in the log."""
        answer = await self._api.request(f"cancel.{self._full_id(request_id)}")
        return str(answer.get("status")) if isinstance(answer, dict) else ""

    async def feedback(
        self,
        request_id: str,
        score: float,
        comment: str | None = None,
        *,
        metric: str | None = None,
        key: str | None = None,
    ) -> bool:
        """Judges a result, 0 (wrong) to 1 (right). Returns whether it counts: the first judgement by one
        metric under one key does, later ones change nothing.
        """
        full = self._full_id(request_id)
        given = {"id": full, "score": score, "comment": comment, "metric": metric, "key": key}
        body = {name: value for name, value in given.items() if value is not None}
        decode(Feedback, body)
        answer = await self._api.request(f"feedback.{full}", body)
        return not (isinstance(answer, dict) and answer.get("duplicate") is True)

    async def explain(self, request_id: str) -> Explanation:
        """Why a request went where it went, and what became of it so far.

        Raises `not_found` for an id that the log does not know.
        """
        return decode(Explanation, await self._api.request(f"explain.{self._full_id(request_id)}"))

    def run(self, request_id: str) -> Run:
        """The handle of a request by its id (full or chosen), whoever sent it and whenever."""
        return self.run_of(request_id, _no_signature)

    def run_of(self, request_id: str, signature: Callable[[], Awaitable[Signature | None]]) -> Run:
        """The same where the types of its outputs are known."""
        full = self._full_id(request_id)
        source = StreamSource(
            api=self._api,
            request_id=full,
            streams=True,
            is_own=False,
            result=lambda: self._later.wait(full),
            has_result=lambda: self._later.is_there(full),
        )

        async def result() -> Result:
            found = await self._later.wait(full)
            if found.outputs is not None:
                await self.signatures.current(found.program)
            return await self._typed(found, None)

        return Run(self, RunParts(source, result, signature))

    def stream(
        self,
        request_id: str,
        *,
        after: str | None = None,
        backpressure: bool = False,
        room: int = DEFAULT_ROOM,
    ) -> AsyncGenerator[StreamChunk, None]:
        """What `run(request_id).stream(…)` gives."""
        return self.run(request_id).stream(after=after, backpressure=backpressure, room=room)

    def story(self, request_id: str) -> AsyncGenerator[StoryEvent, None]:
        """Everything that the log holds of one request so far, in order."""
        return story(self._api, self._full_id(request_id))

    def observe(
        self, kinds: Sequence[str] | None = None, *, from_sequence: int | None = None
    ) -> AsyncGenerator[StoryEvent, None]:
        """Events of this user's requests: history from a sequence on, then live; without one only live."""
        return observe(self._api, kinds, from_sequence)

    async def describe(self, name: str, version: str | None = None) -> dict[str, Any]:
        """A program's definition: signature, implementations, version."""
        return await self.signatures.describe(name, version)

    async def optimize(
        self,
        program: str,
        rows: Sequence[Mapping[str, Any]] | None = None,
        *,
        from_log: Mapping[str, Any] | None = None,
        version: str | None = None,
        implementation: str | None = None,
        optimizer: str | None = None,
        metric: str | None = None,
        model: str | None = None,
        judge_model: str | None = None,
        embeddings: str | None = None,
        seed: int | None = None,
        trials: int | None = None,
        test_rows: int | None = None,
        budget: Mapping[str, float] | None = None,
        canary: float | None = None,
    ) -> ProgramOptimization:
        """Searches for a better version of a program; needs the admin right. Returns once the run is in the
        log. Examples are `rows` (`{inputs, outputs, split?}`), or own requests that were judged well
        (`from_log={"minScore": 0.8}`). `canary`: share with which a better version is tried at once.
        """
        settings = {
            "fromLog": from_log,
            "version": version,
            "implementation": implementation,
            "optimizer": optimizer,
            "metric": metric,
            "model": model,
            "judgeModel": judge_model,
            "embeddings": embeddings,
            "seed": seed,
            "trials": trials,
            "testRows": test_rows,
            "budget": budget,
            "canary": canary,
        }
        return await start_optimization(self._api, token(program, "program"), rows, settings)

    def optimization(self, run: str) -> ProgramOptimization:
        """A run that was started before, by its name."""
        return ProgramOptimization(self._api, run, f"{self.user}.o.{token(run, 'run')}")

    def versions(self, program: str) -> Versions:
        """The versions of a program: list, promote, try, roll back, withdraw."""
        return Versions(self._api, token(program, "program"))

    async def submit_wire(
        self,
        program: str,
        inputs: dict[str, Any],
        options: dict[str, Any],
        chosen_id: str | None = None,
        signature: Signature | None = None,
        types: Signature | None = None,
    ) -> Run:
        """Sends a request whose inputs and options are in wire form; returns when the log has it."""
        request_id = await self._id_for(chosen_id)
        deadline_s = options.get("deadlineMs", DEFAULT_DEADLINE_MS) / 1_000
        give_up_at = time.monotonic() + deadline_s
        traceparent = current_traceparent()
        sent = inputs
        body = self._request_body(request_id, inputs, options, traceparent)
        if len(body) > MAX_INLINE_VALUE_BYTES:
            sent = await self._objects.shrink(inputs)
            body = self._request_body(request_id, sent, options, traceparent)
        if len(body) > MAX_BODY_BYTES:
            raise DspexError(
                "payload_too_large",
                f"the request has {len(body)} bytes, at most {MAX_BODY_BYTES}, large values taken out",
            )
        waiting = self._pending.expect(request_id, deadline_s)
        await self._stored_or_answered(waiting, request_id, program, body, traceparent, give_up_at)
        expected_hash = None if chosen_id is None else request_hash(program, sent, options)
        answer = asyncio.ensure_future(self._answer(waiting, expected_hash, signature))
        # Who never asks for the result is not told that it was an error.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        source = StreamSource(
            api=self._api,
            request_id=request_id,
            streams=bool(options.get("stream", False)),
            is_own=True,
            result=lambda: _expanded(waiting, self._later),
            has_result=lambda: _is_done(waiting),
        )
        return Run(self, RunParts(source, lambda: asyncio.shield(answer), lambda: _known(types)))

    def _request_body(
        self, request_id: str, inputs: dict[str, Any], options: dict[str, Any], traceparent: str | None
    ) -> bytes:
        event = {
            "specversion": "1.0",
            "id": request_id,
            "source": f"client/{self._connection}",
            "type": REQUEST_TYPE,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **({} if traceparent is None else {"traceparent": traceparent}),
            "data": {"id": request_id, "inputs": inputs, **options},
        }
        try:
            return dumps(event)
        except WireJsonError as error:
            raise DspexError("invalid_inputs", str(error), path=_misfit(inputs)) from error

    async def _stored_or_answered(
        self,
        waiting: Waiting,
        request_id: str,
        program: str,
        body: bytes,
        traceparent: str | None,
        give_up_at: float,
    ) -> None:
        """A result implies that the request is stored, whatever became of its acknowledgement."""
        subject = request_subject(self.user, program)
        sent_headers = None if traceparent is None else {headers.TRACEPARENT: traceparent}
        storing = asyncio.ensure_future(store(self._bus, subject, body, sent_headers, give_up_at))
        try:
            either: set[asyncio.Future[Any]] = {storing, waiting.future}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if storing.done() and not waiting.future.done():
                storing.result()
        except DspexError as error:
            self._pending.fail(request_id, error)
            raise
        finally:
            await ended(storing)

    async def _answer(
        self, waiting: Waiting, expected_hash: str | None, signature: Signature | None
    ) -> Result:
        result = await asyncio.shield(waiting.future)
        # A request that could not be read has no hash.
        if expected_hash is not None and result.request_hash not in ("", expected_hash):
            text = f"{result.id} was used before with another program, inputs or options"
            raise DspexError("id_conflict", text, path="id")
        return await self._typed(result, signature)

    async def _typed(self, result: Result, signature: Signature | None) -> Result:
        """With its references fetched and, where the signature is known, Python's values."""
        if result.outputs is None:
            return result
        outputs = await self._objects.expand(result.outputs)
        if signature is None:
            signature = await self.signatures.of_result(result.program, result.version)
        typed = outputs if signature is None else outputs_from_wire(signature, outputs)
        return msgspec.structs.replace(result, outputs=typed)

    async def _id_for(self, chosen_id: str | None) -> str:
        if chosen_id is None:
            self._n += 1
            return connection_request_id(self.user, self._connection, self._n)
        full = self._full_id(chosen_id)
        await self._pending.listen("x")
        return full

    def _full_id(self, given: str) -> str:
        full = resolve_request_id(self.user, given)
        parsed = parse_request_id(given)
        if isinstance(parsed, LogId) and parsed.user == self.user:
            # Nobody may ask for such an id, but its result is the user's.
            full = given
        if full is None:
            raise DspexError(
                "invalid_inputs", f'id "{given[:200]}" is not one of user "{self.user}"', path="id"
            )
        return full


def _misfit(inputs: dict[str, Any]) -> str | None:
    """Path of the first input that JSON cannot say."""
    for name, value in inputs.items():
        try:
            dumps(value)
        except WireJsonError:
            return f"inputs.{name}"
    return None


async def _no_signature() -> Signature | None:
    return None


async def _known(signature: Signature | None) -> Signature | None:
    return signature


async def _is_done(waiting: Waiting) -> bool:
    return waiting.future.done()


async def _expanded(waiting: Waiting, later: LaterResults) -> Result:
    return await later.expanded(await asyncio.shield(waiting.future))
