"""Programs called over the bus on behalf of the work that runs here: tools of agents, and `dspex.call`.

Python values ─▶ wire values ─▶ gateway ─▶ request of the same user ─▶ outputs ─▶ Python values

The gateway makes one request of a call however often it arrives: the request's id is a hash of the work, the
call's number, the program and its inputs.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar

import msgspec
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from dspex import headers as header
from dspex import wire_json
from dspex.calls import outside_of_attempt
from dspex.errors import DspexError
from dspex.limits import MAX_INLINE_VALUE_BYTES
from dspex.messages import ProgramDefinition, WireError
from dspex.signature import Signature, ValuesError, decode_outputs, encode_inputs, signature_from_json
from dspex.subjects import token, tool_call_subject
from dspex.wire_json import WireJsonError
from dspex_pool.attempt_context import AttemptContext, running_attempt
from dspex_pool.bus import Bus
from dspex_pool.claim_check import ClaimCheck, may_have_references
from dspex_pool.dspy_spans import DspySpans
from dspex_pool.errors import classify
from dspex_pool.follower import ProgramFollower
from dspex_pool.tracing import traceparent_of

NO_RESPONDERS_TRIES: Final = 5
NO_RESPONDERS_PAUSE_S: Final = 0.2
"""A gateway that ended has lost the call. Asking again gets the same answer, for one duplicate in the log."""
ASK_AGAIN_S: Final = 30.0
MAX_TOLD: Final = 5
AWAY_PAUSE_S: Final = 1.0

T = TypeVar("T")


class ProgramCalls:
    """Must be made on the loop's thread."""

    def __init__(
        self, bus: Bus, pool: str, follower: ProgramFollower, claim_check: ClaimCheck, spans: DspySpans
    ) -> None:
        self._bus = bus
        self._pool = pool
        self._follower = follower
        self._claim_check = claim_check
        self._spans = spans
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        # By program: the version that it belongs to, and what was made of it.
        self._signatures: dict[str, tuple[str, Signature]] = {}

    @property
    def on_loop(self) -> bool:
        """Whether whoever asks runs on the loop, where nothing may block."""
        return threading.get_ident() == self._loop_thread

    async def call(self, program: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Also from another loop, in a thread of the attempt."""
        if self.on_loop:
            return await self._call(program, inputs)
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(self._call(program, inputs), self._loop)
        )

    def call_sync(self, program: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        if self.on_loop:
            raise DspexError(
                "not_allowed",
                f'in an async function this would stop the whole process: await dspex.call("{program}", …)',
            )
        return self.wait_for(self._call(program, inputs))

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """In a thread: runs it on the loop, with this thread's context."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def signature(self, definition: ProgramDefinition) -> Signature:
        known = self._signatures.get(definition.name)
        if known is None or known[0] != definition.version:
            known = definition.version, signature_from_json(definition.signature)
            self._signatures[definition.name] = known
        return known[1]

    async def call_known(self, definition: ProgramDefinition, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """On the loop; `definition` is the one by which the inputs were made."""
        attempt = running_attempt()
        if attempt is None:
            raise outside_of_attempt(definition.name)
        attempt.check()
        program, signature = definition.name, self.signature(definition)
        try:
            wire = encode_inputs(signature, inputs)
            body = wire_json.dumps(wire)
            if len(body) > MAX_INLINE_VALUE_BYTES:
                body = wire_json.dumps(await self._claim_check.shrink(wire, attempt.user))
        except (ValuesError, WireJsonError) as error:
            raise _wrong_inputs(program, error) from error
        number = str(attempt.number_of_call(program, body))
        answer = await self._request(program, body, self._headers(number, attempt), attempt)
        outputs = wire_json.loads(answer)
        if may_have_references(answer):
            outputs = await self._claim_check.expand(outputs, attempt.user, "outputs")
        try:
            return decode_outputs(signature, outputs)
        except ValuesError as error:
            raise classify(error) from error

    def measured(self, program: str, version: str) -> Measured:
        """Requests with values of variables, in wire form, answered by their whole results."""
        return Measured(self, program, version)

    async def measure(
        self, program: str, version: str, inputs: Mapping[str, Any], number: int, variables: Any
    ) -> dict[str, Any]:
        attempt = running_attempt()
        if attempt is None:
            raise outside_of_attempt(program)
        attempt.check()
        body = wire_json.dumps(dict(inputs))
        if len(body) > MAX_INLINE_VALUE_BYTES:
            body = wire_json.dumps(await self._claim_check.shrink(dict(inputs), attempt.user))
        headers = {
            **self._headers(str(number), attempt),
            header.FULL: "1",
            header.VERSION: version,
        }
        if variables is not None:
            headers[header.VARIABLES] = wire_json.dumps(variables).decode()
        answer = await self._request(program, body, headers, attempt)
        result: dict[str, Any] = wire_json.loads(answer)
        if result.get("outputs") is not None and may_have_references(answer):
            expanded = await self._claim_check.expand(result["outputs"], attempt.user, "outputs")
            result = {**result, "outputs": expanded}
        return result

    async def _call(self, program: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return await self.call_known(await self._follower.newest(token(program, "program")), inputs)

    def _headers(self, number: str, attempt: AttemptContext) -> dict[str, str]:
        headers = {
            header.WORK_ID: attempt.request_id,
            header.WORK_ATTEMPT: str(attempt.attempt),
            header.WORK_SEQUENCE: str(attempt.work_sequence),
            header.TOOL_CALL: number,
        }
        span = self._spans.span_of_active_call()
        traceparent = attempt.traceparent if span is None else traceparent_of(span)
        if traceparent is not None:
            headers[header.TRACEPARENT] = traceparent
        return headers

    async def _request(
        self, program: str, body: bytes, headers: dict[str, str], attempt: AttemptContext
    ) -> bytes:
        subject = tool_call_subject(self._pool, program)
        tries_left = NO_RESPONDERS_TRIES
        while (left_s := attempt.ends_at - time.time()) > 0:
            try:
                reply = await self._bus.request(subject, body, min(left_s, ASK_AGAIN_S), headers)
            except NatsTimeoutError:
                continue
            except NoRespondersError:
                tries_left -= 1
                if tries_left == 0:
                    raise DspexError("unavailable", f'nobody answers calls of "{program}"') from None
                await asyncio.sleep(NO_RESPONDERS_PAUSE_S)
                continue
            except NatsError as error:
                raise DspexError("unavailable", f'call of "{program}": {type(error).__name__}') from error
            if reply.headers is not None and header.SERVICE_ERROR_CODE in reply.headers:
                raise _error_in(program, reply.data)
            return reply.data
        raise DspexError("deadline_exceeded", f'no time is left to call "{program}"')


class Measured:
    """Requests for one version of a program, each under a number of its own: the same again gets its first
    answer. A gateway that is away is waited for.
    """

    def __init__(self, calls: ProgramCalls, program: str, version: str) -> None:
        self._calls = calls
        self._program = program
        self._version = version

    async def __call__(
        self, inputs: Mapping[str, Any], number: int, variables: dict[str, Any] | None
    ) -> dict[str, Any]:
        while True:
            try:
                return await self._calls.measure(self._program, self._version, inputs, number, variables)
            except DspexError as error:
                if error.code != "unavailable":
                    raise
            await asyncio.sleep(AWAY_PAUSE_S)


def _error_in(program: str, answer: bytes) -> DspexError:
    try:
        return DspexError.from_wire(msgspec.json.decode(answer, type=WireError))
    except msgspec.DecodeError as unreadable:
        return DspexError("internal", f'call of "{program}": an error that is none: {unreadable}')


def _wrong_inputs(program: str, error: ValuesError | WireJsonError) -> DspexError:
    """All that is wrong in one message: a model mends what it reads, and nothing else."""
    if isinstance(error, WireJsonError):
        return DspexError("invalid_inputs", f'call of "{program}": {error}', path="inputs")
    told = [f"{one.path}: expected {one.expected}, got {one.got}" for one in error.problems[:MAX_TOLD]]
    return DspexError(
        error.code,
        f'call of "{program}": {"; ".join(told)}',
        path=error.problems[0].path,
        details={"problems": [problem.to_json() for problem in error.problems]},
    )
