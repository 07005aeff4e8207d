"""Requests and their results, against a real server and a router that is played."""

import asyncio
import json

import pytest

import dspex
from dspex.codec import decode_event
from dspex.errors import DspexError
from dspex.ids import ConnectionId, parse_request_id
from dspex.messages import Request
from tests.kit import until

pytestmark = pytest.mark.integration


async def failure(awaitable):
    with pytest.raises(DspexError) as raised:
        await awaitable
    return raised.value


async def test_call(client, fake_router):
    assert await client.program("echo")(question="q", n=2**70) == {"question": "q", "n": 2**70}


async def test_connect_from_the_home_folder(nats, fake_router, monkeypatch):
    for name in ("NATS_URL", "NATS_USER", "NATS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DSPEX_HOME", str(nats.home))
    async with dspex.connect() as client:
        assert client.user == "local"
        assert await client.program("echo")(x=1) == {"x": 1}


async def test_what_goes_over_the_wire(client, fake_router):
    run = await client.program("echo").submit(question="q", deadline_ms=50_000, priority=9, session="s1")
    await run.result()
    [message] = fake_router.seen_from(client)
    envelope, request = decode_event(Request, message.data)
    assert message.subject == "dspex.request.local.echo"
    assert (envelope.type, request.id) == ("dspex.request.submitted.v1", run.id)
    assert (request.deadline_ms, request.priority, request.session, request.stream) == (50_000, 9, "s1", None)
    assert isinstance(parse_request_id(run.id), ConnectionId)


async def test_ids_count_up_within_a_connection(client, fake_router):
    runs = [await client.program("echo").submit(n=n) for n in range(3)]
    ids = [parse_request_id(run.id) for run in runs]
    assert [found.n for found in ids] == [1, 2, 3]
    assert len({found.connection for found in ids}) == 1


async def test_many_at_once(client, fake_router):
    answers = await asyncio.gather(*(client.program("echo")(n=n) for n in range(300)))
    assert answers == [{"n": n} for n in range(300)]


async def test_a_failed_result_is_the_error_of_outputs_and_no_error_of_result(client, fake_router):
    run = await client.program("fail").submit(x=1)
    result = await run.result()
    assert (result.status, result.error.code) == ("failed", "lm_rejected")
    error = await failure(run.outputs())
    assert (error.code, error.message, error.path) == ("lm_rejected", "no", "inputs.x")


async def test_nobody_need_ask_for_the_result(client, fake_router):
    await client.program("fail").submit(x=1)
    await until(lambda: len(client._pending) == 0)


async def test_inputs_that_json_cannot_say_are_refused_before_they_are_sent(client, fake_router):
    error = await failure(client.program("echo")(x=float("nan")))
    assert error.code == "invalid_inputs"
    assert (await failure(client.program("echo")(x=object()))).code == "invalid_inputs"
    assert fake_router.seen_from(client) == []


async def test_a_program_that_is_no_token_is_refused(client):
    with pytest.raises(DspexError, match=r"a\.b"):
        client.program("a.b")


async def test_a_chosen_id_runs_once(client, fake_router):
    first = await client.program("echo").submit(id="order-1", x=1)
    assert first.id == "local.x.order-1"
    again = await client.program("echo").submit(id="order-1", x=1)
    assert await first.outputs() == await again.outputs() == {"x": 1}


async def test_a_chosen_id_whose_result_is_long_there_is_found_in_the_log(client, fake_router):
    await client.program("echo")(id="order-2", x=1)
    answered = len(fake_router.answered)
    fake_router.answer = lambda *_: asyncio.sleep(0)
    assert await client.program("echo")(id="order-2", x=1) == {"x": 1}
    assert len(fake_router.answered) == answered


async def test_the_same_id_with_other_inputs_is_a_conflict(client, fake_router):
    await client.program("echo")(id="order-3", x=1)
    error = await failure(client.program("echo")(id="order-3", x=2))
    assert (error.code, error.path) == ("id_conflict", "id")
    assert "local.x.order-3" in error.message
    assert (await failure(client.program("echo")(id="order-3", x=1, priority=5))).code == "id_conflict"


async def test_two_at_once_with_one_id_each_get_their_answer(client, fake_router):
    late = client.program("late")
    same, other = await late.submit(id="order-4", x=1), await late.submit(id="order-4", x=2)
    await fake_router.answer_held()
    assert await same.outputs() == {"x": 1}
    assert (await failure(other.result())).code == "id_conflict"


async def test_an_id_of_another_user_is_refused(client):
    for given in ("other.c.1", "local.log.7x", "a b", "local.c.1.2"):
        assert (await failure(client.result(given))).code == "invalid_inputs"
    assert (await failure(client.program("echo")(id="other.c.1", x=1))).path == "id"


async def test_no_answer_until_the_deadline(client, fake_router):
    run = await client.program("silent").submit(x=1, deadline_ms=100)
    error = await failure(run.result())
    assert error.code == "deadline_exceeded"
    assert run.id in error.message
    assert len(client._pending) == 0


async def test_a_lost_live_copy_is_found_in_the_log(client, fake_router):
    for listening in client._pending._listening.values():
        await listening.result().unsubscribe()
    async with asyncio.timeout(60):
        assert await client.program("echo")(x=1) == {"x": 1}


async def test_a_forged_live_result_is_ignored(client, local, fake_router):
    run = await client.program("late").submit(x=1)
    forged = json.dumps({"data": {"id": run.id, "status": "succeeded", "outputs": {"x": "forged"}}}).encode()
    subject = f"dspex-live.result.{run.id}"
    await local.publish(subject, forged)
    for stream, stored in (("DSPEX", "dspex.result.local.other.1"), ("MINE", f"dspex.result.{run.id}")):
        await local.publish(subject, forged, headers={"Nats-Stream": stream, "Nats-Subject": stored})
    await local.flush()
    await fake_router.answer_held()
    assert await run.outputs() == {"x": 1}


async def test_the_waiter_that_gives_up_does_not_end_the_others(client, fake_router):
    run = await client.program("late").submit(x=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run.result(), 0.05)
    await fake_router.answer_held()
    assert await run.outputs() == {"x": 1}


async def test_closing_ends_the_wait(nats, fake_router):
    async with dspex.connect(nats.url, **nats.login("local")) as client:
        run = await client.program("silent").submit(x=1)
    error = await failure(run.result())
    assert (error.code, error.message) == ("unavailable", "the client was closed")


async def test_a_body_that_is_too_large_though_its_values_are_small(client):
    many = {f"x{n}": "y" * 1_000 for n in range(300)}
    error = await failure(client.program("echo")(many, variables={"v": "z" * 400_000}))
    assert error.code in ("payload_too_large", "unavailable")
