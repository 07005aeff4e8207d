"""What goes through the API, against a gateway and a programs service that are played."""

import base64
import hashlib
import json
from contextlib import aclosing
from datetime import date
from pathlib import Path

import msgspec
import pytest

from dspex.errors import DspexError
from dspex.messages import Attempt
from dspex.signature import parse_signature, signature_to_json
from tests.client.fake_api import Pieces, pieces
from tests.kit import until

pytestmark = pytest.mark.integration


async def failure(awaitable):
    with pytest.raises(DspexError) as raised:
        await awaitable
    return raised.value


def definition(text, version="v1"):
    return {
        "name": "typed",
        "version": version,
        "signature": signature_to_json(parse_signature(text)),
        "implementations": [{"kind": "of a later version", "name": "n"}],
        "signatureText": text,
    }


async def collect(chunks):
    async with aclosing(chunks):
        return [chunk async for chunk in chunks]


def chunk(text, attempt=1, delivery=1, index=0, **more):
    return {"id": "local.c.1", "attempt": attempt, "delivery": delivery, "index": index, "text": text, **more}


async def test_cancel_and_feedback(client, fake_router, fake_api):
    await fake_api.serve("cancel.>", lambda *_: {"status": "cancel-requested"})
    answers = [{}, {"duplicate": True}]
    await fake_api.serve("feedback.>", lambda *_: answers.pop(0))
    run = await client.program("late").submit(x=1)
    assert await run.cancel() == "cancel-requested"
    assert await run.feedback(1, "right", metric="exact")
    assert not await client.feedback(run.id, 0, metric="exact", key="reviewer")
    assert [verb for verb, _ in fake_api.calls] == [f"cancel.{run.id}", *[f"feedback.{run.id}"] * 2]
    sent = json.loads(fake_api.calls[1][1])
    assert sent == {"id": run.id, "score": 1, "comment": "right", "metric": "exact"}
    sent = json.loads(fake_api.calls[2][1])
    assert sent == {"id": run.id, "score": 0, "metric": "exact", "key": "reviewer"}


async def test_a_service_that_is_a_moment_behind_the_log_is_asked_again(client, fake_router, fake_api):
    behind = {"cancel": 2, "chunks": 2}

    def knows(verb):
        name = verb.split(".")[0]
        behind[name] -= 1
        if behind[name] >= 0:
            raise DspexError("not_found", "no such request")

    def cancel(verb, *_):
        knows(verb)
        return {"status": "cancel-requested"}

    def chunks(verb, *_):
        knows(verb)
        return pieces(chunk("Paris", final=True))

    await fake_api.serve("cancel.>", cancel)
    await fake_api.serve("chunks.>", chunks)
    run = await client.program("echo").submit(x=1, stream=True)
    assert await run.cancel() == "cancel-requested"
    assert [c.text for c in await collect(run.stream())] == ["Paris"]
    behind["cancel"] = 100
    assert (await failure(run.cancel())).code == "not_found"


async def test_an_explanation_is_typed(client, fake_router, fake_api):
    fixtures = Path(__file__).parents[3] / "schemas" / "fixtures" / "messages" / "explanation.json"
    everything = json.loads(fixtures.read_text())[0]["message"]
    await fake_api.serve("explain.>", lambda verb, *_: {**everything, "id": verb.split(".", 1)[1]})
    run = await client.program("echo").submit(x=1)
    found = await run.explain()
    assert (found.id, found.status) == (run.id, "succeeded")
    assert [(c.implementation, c.chosen) for c in found.candidates] == [("words", True), ("small", False)]
    assert found.decision is not None
    assert found.decision.draw is not None
    assert (found.decision.draw.from_, found.decision.draw.to) == (0, 0.9)
    assert (await client.explain("order-42")).id == "local.x.order-42"


async def test_a_score_out_of_range_is_refused_here(client, fake_api):
    error = await failure(client.feedback("order-1", 1.5))
    assert (error.code, error.path) == ("invalid_inputs", "score")


async def test_the_services_error_is_ours(client, fake_api):
    def refuse(*_):
        raise DspexError("not_found", 'no request "x"', details={"a": 1})

    await fake_api.serve("cancel.>", refuse)
    error = await failure(client.cancel("x"))
    assert (error.code, error.message, error.details) == ("not_found", 'no request "x"', {"a": 1})


async def test_a_verb_that_nobody_serves(client):
    error = await failure(client.cancel("x"))
    assert (error.code, error.retryable) == ("unavailable", True)


async def test_result_by_id(client, fake_router, fake_api):
    run = await client.program("echo").submit(x=1)
    await run.result()
    assert (await client.result(run.id)).outputs == {"x": 1}

    def answer(verb, _body, headers):
        if verb.endswith("unknown"):
            raise DspexError("not_found", "no")
        return {"status": "pending", "waited": headers["Dspex-Wait-Ms"]}

    await fake_api.serve("result.>", answer)
    pending = await failure(client.result("slow", wait_ms=5))
    assert (pending.code, pending.retryable) == ("unavailable", True)
    assert (await failure(client.result("unknown"))).code == "not_found"


async def test_inputs_and_outputs_by_the_registered_signature(client, fake_router, fake_api):
    await fake_api.serve(
        "program.>", lambda *_: definition("day: date, raw: bytes -> next: date, copy: bytes")
    )
    fake_router.outputs = {"next": "2026-11-25", "copy": {"$bytes": "aGk="}}
    for _ in range(2):
        found = await client.program("echo")(day=date(2026, 11, 24), raw=b"hi")
        assert found == {"next": date(2026, 11, 25), "copy": b"hi"}
    sent = msgspec.json.decode(fake_router.seen_from(client)[0].data)["data"]["inputs"]
    assert sent == {"day": "2026-11-24", "raw": {"$bytes": "aGk="}}
    assert [json.loads(body) for _, body in fake_api.calls] == [{"name": "echo"}]
    error = await failure(client.program("echo")(day="yesterday", raw=b""))
    assert (error.code, error.path) == ("invalid_inputs", "inputs.day")
    assert error.details["problems"][0]["path"] == "inputs.day"
    assert len(fake_router.seen_from(client)) == 2


async def test_outputs_by_the_version_that_answered(client, fake_router, fake_api):
    def describe(_verb, body, _headers):
        version = json.loads(body).get("version", "v1")
        return definition("x: int -> y: int" if version == "v1" else "x: int -> day: date", version)

    await fake_api.serve("program.>", describe)
    fake_router.version, fake_router.outputs = "v2", {"day": "2026-11-24"}
    assert await client.program("echo")(x=1) == {"day": date(2026, 11, 24)}


async def test_an_expected_signature_must_be_the_registered_one(client, fake_router, fake_api):
    await fake_api.serve("program.>", lambda *_: definition('"Be brief." x: int "a number" -> y: int'))
    fake_router.outputs = {"y": 2}
    assert await client.program("echo", "x: int -> y: int")(x=1) == {"y": 2}
    error = await failure(client.program("echo", "x: str -> y: int")(x="1"))
    assert (error.code, error.path) == ("conflict", "signature")


async def test_a_stream_is_followed_to_its_end(client, fake_router, fake_api):
    def answer(_verb, body, _headers):
        if not body:
            return pieces(chunk("Pa", field="answer"), chunk("ri", index=1), end="more")
        assert json.loads(body) == {"attempt": 1, "delivery": 1, "after": 1}
        return Pieces([(b"", {}), *pieces(chunk("s", index=2, final=True))])

    await fake_api.serve("chunks.>", answer)
    fake_router.attempts = [attempt(1)]
    run = await client.program("echo").submit(x=1, stream=True)
    found = await collect(run.stream())
    assert [c.text for c in found] == ["Pa", "ri", "s"]
    assert [c.restarted for c in found] == [False] * 3
    assert (found[0].field, found[-1].final) == ("answer", True)


def attempt(number):
    return Attempt(attempt=number, implementation="a", started_at="2026-11-24T05:36:00Z", duration_ms=1)


async def test_a_later_attempt_starts_over_and_says_so(client, fake_router, fake_api):
    said = [
        chunk("old"),
        chunk("new", delivery=2),
        chunk("late", delivery=1, index=1),
        chunk("er", delivery=2, index=1),
        chunk("newest", attempt=2, final=True),
    ]
    await fake_api.serve("chunks.>", lambda *_: pieces(*said))
    fake_router.attempts = [attempt(1), attempt(2)]
    run = await client.program("echo").submit(x=1, stream=True)
    found = await collect(run.stream())
    assert [(c.text, c.restarted) for c in found] == [
        ("old", False),
        ("new", True),
        ("er", False),
        ("newest", True),
    ]


async def test_when_another_attempt_answered_its_outputs_count(client, fake_router, fake_api):
    await fake_api.serve("chunks.>", lambda *_: pieces(chunk("wrong", attempt=2)))
    fake_router.attempts = [attempt(1)]
    run = await client.program("echo").submit(x="right", stream=True)
    found = await collect(run.stream())
    assert [(c.text, c.restarted, c.field) for c in found] == [("wrong", False, None), ("right", True, "x")]


async def test_a_stream_of_what_does_not_stream_is_the_final_outputs(client, fake_router, fake_api):
    await fake_api.serve("chunks.>", lambda *_: pieces())
    run = await client.program("echo").submit(answer="Paris", stream=True)
    found = await collect(run.stream())
    assert [(c.field, c.text, c.final, c.restarted) for c in found] == [("answer", "Paris", True, False)]


async def test_a_result_by_id_has_the_programs_types_too(client, fake_router, fake_api):
    await fake_api.serve("program.>", lambda *_: definition("x: int -> day: date"))
    fake_router.outputs = {"day": "2026-11-24"}
    run = await client.program("echo").submit(x=1)
    await run.result()
    assert (await client.result(run.id)).outputs == {"day": date(2026, 11, 24)}


async def test_a_stream_that_was_not_asked_for_is_the_final_outputs(client, fake_router):
    run = await client.program("echo").submit(answer="Paris", n=2)
    found = await collect(run.stream())
    assert [(c.field, c.text, c.final) for c in found] == [("answer", "Paris", False), ("n", "2", True)]


async def test_observe_goes_on_where_an_answer_ends(client, fake_api):
    def event(sequence):
        return {"sequence": sequence, "time": "t", "subject": "s", "type": "dspex.a.b.v1", "data": {}}

    def answer(_verb, body, _headers):
        start = json.loads(body)["from"]
        if start == 5:
            return pieces(event(5), event(6), end="more")
        if start == 7:
            return pieces({"position": 20}, end="more")
        return pieces(event(start))

    await fake_api.serve("observe", answer)
    seen = []
    async with aclosing(client.observe(["request"], from_sequence=5)) as events:
        async for found in events:
            seen.append(found.sequence)
            if len(seen) == 3:
                break
    assert seen == [5, 6, 21]
    assert json.loads(fake_api.calls[0][1]) == {"kinds": ["request"], "from": 5}


async def test_observe_goes_on_after_a_reconnect(nats, client, fake_api):
    def answer(_verb, body, _headers):
        start = json.loads(body)["from"]
        event = {"sequence": start, "time": "t", "subject": "s", "type": "dspex.a.b.v1"}
        return Pieces([(json.dumps(event).encode(), {"Dspex-Index": "0"})])

    await fake_api.serve("observe", answer)
    events = client.observe(from_sequence=1)
    assert (await anext(events)).sequence == 1
    nats.kill9()
    await until(lambda: not client._bus.is_connected)
    nats.restart()
    await until(lambda: fake_api.is_connected)
    assert (await anext(events)).sequence == 2
    await events.aclose()


async def test_story(client, fake_api):
    event = {"sequence": 3, "time": "t", "subject": "s", "type": "dspex.a.b.v1", "data": {"x": 1}}
    await fake_api.serve("log.>", lambda *_: pieces(event))
    found = await collect(client.story("order-1"))
    assert [(e.sequence, e.data) for e in found] == [(3, {"x": 1})]


class FakeBucket:
    def __init__(self):
        self.stored = {}
        self.parts = []

    def put(self, verb, body, _headers):
        if verb == "object.put":
            self.about = json.loads(body)
            return {"upload": "u1"}
        self.parts.append(verb.rsplit(".", 1)[1])
        self.stored["local/1"] = self.stored.get("local/1", b"") + body
        if len(self.stored["local/1"]) < self.about["sizeBytes"]:
            return {}
        return {"$ref": {"bucket": "DSPEX_VALUE", "key": "local/1", **self.about}}

    def get(self, _verb, body, _headers):
        data = self.stored[json.loads(body)["$ref"]["key"]]
        halves = (data[:100_000], data[100_000:])
        return Pieces([(half, {"Dspex-Index": "0"}) for half in halves] + [(b"", {"Dspex-End": "done"})])


async def test_large_values_travel_as_references(client, fake_router, fake_api):
    bucket = FakeBucket()
    await fake_api.serve("object.put", bucket.put)
    await fake_api.serve("object.put.>", bucket.put)
    await fake_api.serve("object.get", bucket.get)
    large = base64.b64encode(bytes(225_000)).decode()
    assert await client.program("echo")(small="s", large=large) == {"small": "s", "large": large}
    assert bucket.parts == ["0", "1", "2"]
    sent = msgspec.json.decode(fake_router.seen_from(client)[0].data)["data"]["inputs"]
    assert sent["small"] == "s"
    assert sent["large"]["$ref"]["sha256"] == hashlib.sha256(f'"{large}"'.encode()).hexdigest()
