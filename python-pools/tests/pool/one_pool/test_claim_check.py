"""Values that are too large for a message, as inputs and as outputs, through a real bucket."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.pool.fake_model_server import FakeModelServer, says
from tests.pool.log_kit import Log, dspy, program, python, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import PoolProcess

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]
ECHO = program("echo", "a: str, b: str | None -> c: str, d: str | None", python("echo"))


async def put(kit: NatsKit, key: str, data: bytes, content_type: str = "application/json") -> dict[str, Any]:
    """As a client's object store does; returns the reference."""
    js = kit.admin.jetstream()
    nuid = hashlib.sha256(key.encode()).hexdigest()[:22]
    pieces = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
    for piece in pieces:
        await js.publish(f"$O.DSPEX_VALUE.C.{nuid}", piece)
    name = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    meta = {
        "name": key,
        "bucket": "DSPEX_VALUE",
        "nuid": nuid,
        "size": len(data),
        "chunks": len(pieces),
        "digest": "",
    }
    await js.publish(f"$O.DSPEX_VALUE.M.{name}", json.dumps(meta).encode(), headers={"Nats-Rollup": "sub"})
    return {
        "$ref": {
            "bucket": "DSPEX_VALUE",
            "key": key,
            "sizeBytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "contentType": content_type,
        }
    }


async def get(kit: NatsKit, reference: dict[str, Any]) -> bytes:
    """As nats's own library reads it: what we store is a plain object of the bucket."""
    bucket = await kit.admin.jetstream().object_store("DSPEX_VALUE")
    found = await bucket.get(reference["$ref"]["key"])
    return found.data or b""


async def test_large_values_come_and_go_as_references(pool: PoolProcess, nats_kit: NatsKit, log: Log) -> None:
    await log.register(ECHO)
    value = "é" * 300_000
    reference = await put(nats_kit, "local/big", json.dumps(value).encode())
    result = await log.run(ECHO, {"a": reference, "b": "small"})
    stored = result["outputs"]["c"]
    assert result["outputs"]["d"] == "small"
    assert stored["$ref"]["key"].startswith("local/")
    data = await get(nats_kit, stored)
    assert json.loads(data) == value
    assert hashlib.sha256(data).hexdigest() == stored["$ref"]["sha256"]
    # Together too large, each small enough: the larger one goes.
    result = await log.run(ECHO, {"a": "x" * 250_000, "b": "y" * 240_000})
    assert list(result["outputs"]["c"]) == ["$ref"]
    assert result["outputs"]["d"] == "y" * 240_000


async def test_references_that_are_wrong_are_refused(pool: PoolProcess, nats_kit: NatsKit, log: Log) -> None:
    await log.register(ECHO)
    good = await put(nats_kit, "local/small", b'"text"')
    assert (await log.run(ECHO, {"a": good}))["outputs"]["c"] == "text"
    others = {"$ref": {**good["$ref"], "key": "mallory/small"}}
    gone = {"$ref": {**good["$ref"], "key": "local/nothing"}}
    changed = {"$ref": {**good["$ref"], "sha256": "0" * 64}}
    no_reference = {"$ref": {"key": "local/small"}}
    for wrong, code in (
        (others, "invalid_inputs"),
        (gone, "gone"),
        (changed, "gone"),
        (no_reference, "invalid_inputs"),
    ):
        error = await log.run_failing(ECHO, {"a": wrong})
        assert (error["code"], error["path"]) == (code, "inputs.a"), error


async def test_an_image_in_the_bucket_is_shown_to_the_model(
    pool: PoolProcess, nats_kit: NatsKit, log: Log, model: FakeModelServer
) -> None:
    definition = program("look", "pictures: list[Image] -> answer: str", dspy("Predict"))
    await log.register(definition)
    model.answers = [says({"answer": "a cat"})]
    stored = await put(nats_kit, "local/cat", b"\x89PNG", "image/png")
    pictures = [{"$image": {"ref": stored["$ref"]}}, {"$image": {"url": "https://example.org/x.png"}}]
    assert (await log.run(definition, {"pictures": pictures}))["outputs"] == {"answer": "a cat"}
    parts = model.requests[0]["messages"][-1]["content"]
    shown = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert shown == ["data:image/png;base64,iVBORw==", "https://example.org/x.png"]


async def test_integers_beyond_64_bits_pass_unharmed(pool: PoolProcess, nats_kit: NatsKit, log: Log) -> None:
    definition = program("big", "n: int -> m: int", python("echo"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"n": 2**70 + 1}))
    assert (await log.result(request_id))["outputs"] == {"m": 2**70 + 1}
