"""Writes programs and work into the log as `programs` and the router do, and reads what came of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from nats.aio.client import Client as NatsClient
from nats.errors import Error as NatsError

from dspex.signature import parse_signature, signature_to_json

WAIT_S = 60.0
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def program(name: str, signature: str, *implementations: dict[str, Any], **members: Any) -> dict[str, Any]:
    definition = {
        "name": name,
        "signature": signature_to_json(parse_signature(signature)),
        "implementations": list(implementations),
        **members,
    }
    digest = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
    return {**definition, "version": digest[:16]}


def dspy(module: str, **members: Any) -> dict[str, Any]:
    return {"kind": "dspy", "name": module.lower(), "pool": "general", "module": module, **members}


def python(entry: str, **members: Any) -> dict[str, Any]:
    return {"kind": "python", "name": entry, "pool": "general", "entry": entry, **members}


def cloud_event(event_type: str, source: str, data: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": source,
            "type": event_type,
            "time": rfc3339(datetime.now(UTC)),
            "traceparent": TRACEPARENT,
            "data": data,
        }
    ).encode()


def work_data(
    definition: dict[str, Any], request_id: str, inputs: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    """`deadline_ms` counts from now; the rest replaces members."""
    deadline_ms = changes.pop("deadline_ms", 30_000)
    now = datetime.now(UTC)
    implementation = definition["implementations"][0]["name"]
    return {
        "id": request_id,
        "attempt": 1,
        "user": request_id.split(".")[0],
        "program": definition["name"],
        "version": definition["version"],
        "implementation": implementation,
        "settings": {},
        "inputs": inputs,
        "deadlineAt": rfc3339(now + timedelta(milliseconds=deadline_ms)),
        "stream": False,
        "variables": {},
        "plan": [{"step": "retry", "implementation": implementation, "delayMs": 100}],
        "decision": {
            "stateSequence": 1,
            "policyVersion": "p1",
            "features": {"kind": "test"},
            "candidates": [
                {"implementation": implementation, "score": 0.5, "probability": 1, "eligible": True}
            ],
            "chosen": implementation,
            "inFlight": {"general": 0},
        },
        "requestSequence": 7,
        "requestedAt": rfc3339(now - timedelta(milliseconds=20)),
        "requestHash": "0" * 64,
        "routeMs": 1.5,
        "attempts": [],
        "log": {"work": [], "failures": []},
        **changes,
    }


class Log:
    def __init__(self, connection: NatsClient) -> None:
        self._connection = connection
        self._js = connection.jetstream()
        self._results: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.failures: list[dict[str, Any]] = []
        self.superseded: list[dict[str, Any]] = []
        self.chunks: list[dict[str, Any]] = []
        self.beats: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._n = 0

    async def open(self) -> None:
        await self._connection.subscribe("dspex-live.result.>", cb=self._on_result)
        for subject, found in (
            ("dspex.event.attempt.failed", self.failures),
            ("dspex.event.request.superseded", self.superseded),
            ("dspex-chunk.>", self.chunks),
            ("dspex-beat.>", self.beats),
        ):
            await self._connection.subscribe(subject, cb=self._collect(found))

    def forget(self) -> None:
        """What was heard so far; ids go on."""
        for found in (self.failures, self.superseded, self.chunks, self.beats):
            found.clear()

    def _collect(self, found: list[dict[str, Any]]) -> Any:
        async def collect(message: Any) -> None:
            body = json.loads(message.data)
            found.append(body.get("data", body))
            self._changed.set()

        return collect

    async def _on_result(self, message: Any) -> None:
        event = json.loads(message.data)
        self._waiting(event["data"]["id"]).set_result(event)
        self._changed.set()

    def _waiting(self, request_id: str) -> asyncio.Future[dict[str, Any]]:
        return self._results.setdefault(request_id, asyncio.get_running_loop().create_future())

    def has_result(self, request_id: str) -> bool:
        return self._waiting(request_id).done()

    def next_id(self) -> str:
        self._n += 1
        return f"local.test.{self._n}"

    async def register(self, definition: dict[str, Any]) -> int:
        event = cloud_event("dspex.program.registered.v1", "programs/1", {**definition, "by": "config"})
        ack = await self._js.publish(f"dspex.event.program.{definition['name']}.registered", event)
        return ack.seq

    async def send(self, work: dict[str, Any], worker: str = "any") -> int:
        event = cloud_event("dspex.work.dispatched.v1", "router/1", work)
        ack = await self._js.publish(f"dspex.work.general.{worker}", event)
        return ack.seq

    async def store_result(self, request_id: str) -> int:
        """As another attempt or the router would."""
        data = {"id": request_id, "status": "cancelled"}
        event = cloud_event("dspex.result.stored.v1", "router/1", data)
        ack = await self._js.publish(f"dspex.result.{request_id}", event)
        return ack.seq

    async def result_event(self, request_id: str, timeout_s: float = WAIT_S) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(self._waiting(request_id))

    async def result(self, request_id: str, timeout_s: float = WAIT_S) -> dict[str, Any]:
        data: dict[str, Any] = (await self.result_event(request_id, timeout_s))["data"]
        return data

    async def stored_result(self, request_id: str, timeout_s: float = WAIT_S) -> dict[str, Any]:
        """By direct get: republished messages are lost with the connection."""
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    stored = await self._js.get_last_msg("DSPEX", f"dspex.result.{request_id}", direct=True)
                    data: dict[str, Any] = json.loads(stored.data or b"")["data"]
                    return data
                except (NatsError, TimeoutError):
                    await asyncio.sleep(0.1)

    async def failure(self, request_id: str, timeout_s: float = WAIT_S) -> dict[str, Any]:
        await self.until(lambda: any(one["id"] == request_id for one in self.failures), timeout_s)
        return next(one for one in self.failures if one["id"] == request_id)

    async def until(self, what: Any, timeout_s: float = WAIT_S) -> None:
        async with asyncio.timeout(timeout_s):
            while not what():
                self._changed.clear()
                await self._changed.wait()

    async def unacknowledged(self, worker: str = "any") -> int:
        """Messages of the consumer that are delivered or waiting; an acknowledgement may be on its way."""
        left = -1
        for _ in range(200):
            info = await self._js.consumer_info("DSPEX", f"work-general-{worker}")
            left = (info.num_ack_pending or 0) + (info.num_pending or 0)
            if left == 0:
                break
            await asyncio.sleep(0.05)
        return left

    async def run(
        self, definition: dict[str, Any], inputs: dict[str, Any], worker: str = "any", **changes: Any
    ) -> dict[str, Any]:
        """Sends work and waits for its result."""
        request_id = self.next_id()
        await self.send(work_data(definition, request_id, inputs, **changes), worker)
        return await self.result(request_id)

    async def run_failing(
        self, definition: dict[str, Any], inputs: dict[str, Any], worker: str = "any", **changes: Any
    ) -> dict[str, Any]:
        """Sends work and waits for its failure; the error."""
        request_id = self.next_id()
        await self.send(work_data(definition, request_id, inputs, **changes), worker)
        error: dict[str, Any] = (await self.failure(request_id))["error"]
        return error
