"""Sessions as the Python client has them, against a sessions service that is played."""

import json

import pytest

from dspex.errors import DspexError

pytestmark = pytest.mark.integration

INFO = {
    "session": "chat",
    "status": "open",
    "openedAt": "2026-03-02T10:00:00.000Z",
    "activeAt": "2026-03-02T10:00:01.000Z",
    "ttlMs": 60_000,
    "turns": 2,
    "openTurns": 0,
    "contextVersion": 1,
    "performance": {
        "turns": 2,
        "successRate": 0.5,
        "latencyMs": {"mean": 100, "max": 120, "last": 90},
        "inputTokens": 20,
        "outputTokens": 10,
        "costUsd": 0.5,
        "implementations": {"predict": 1},
        "programs": {
            "answer": {
                "turns": 2,
                "successRate": 0.5,
                "meanMs": 100,
                "affinity": {"hits": 1, "of": 1, "rate": 1},
            }
        },
    },
}


def turn(number, **more):
    return {
        "turn": number,
        "id": f"local.c.{number}",
        "status": "succeeded",
        "program": "answer",
        "inputs": {"question": str(number)},
        "outputs": {"answer": "yes"},
        "usage": {"inputTokens": 10, "outputTokens": 5},
        "totalMs": 100,
        "contextVersion": 1,
        "log": {"requests": [1], "work": [], "failures": [], "result": 2},
        "sequence": number,
        "time": "2026-03-02T10:00:01.000Z",
        **more,
    }


class PlayedSessions:
    """Answers what a test says, by verb; an error is raised."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def __call__(self, verb, body, _headers):
        self.asked.append((verb.removeprefix("session."), json.loads(body)))
        answers = self.answers[verb.removeprefix("session.")]
        answer = answers.pop(0) if isinstance(answers, list) else answers
        if isinstance(answer, Exception):
            raise answer
        return answer


async def played(fake_api, **answers):
    service = PlayedSessions({verb.replace("_", "-"): answer for verb, answer in answers.items()})
    await fake_api.serve("session.>", service)
    return service


def sessions_seen(fake_router, client):
    return [json.loads(message.data)["data"].get("session") for message in fake_router.seen_from(client)]


async def failure(awaitable):
    with pytest.raises(DspexError) as raised:
        await awaitable
    return raised.value


async def test_calls_name_the_session_and_open_it_once(client, fake_router, fake_api):
    service = await played(fake_api, open=INFO)
    session = client.session("chat", ttl_ms=60_000)
    for _ in range(2):
        await session.call("echo", x=1)
    assert service.asked == [("open", {"session": "chat", "ttlMs": 60_000})]
    assert sessions_seen(fake_router, client) == ["chat", "chat"]
    await client.session("other").call("echo", x=1)
    assert len(service.asked) == 1, "a request opens it"
    assert sessions_seen(fake_router, client)[-1] == "other"
    assert (await failure(session.call("echo", x=1, session="mine"))).code == "invalid_inputs"


async def test_context_and_its_versions(client, fake_api):
    refused = DspexError("conflict", "version 2")
    service = await played(
        fake_api,
        open=INFO,
        context={"context": {"a": 1}, "version": 1},
        set_context=[{"version": 2}, refused],
    )
    session = client.session("chat")
    assert (await session.context()).context == {"a": 1}
    assert await session.set_context({"a": 2}, expected_version=1) == 2
    assert (await failure(session.set_context({"a": 3}, expected_version=1))).code == "conflict"
    assert (await session.at(1).context()).version == 1
    assert service.asked == [
        ("context", {"session": "chat"}),
        ("open", {"session": "chat"}),
        ("set-context", {"session": "chat", "context": {"a": 2}, "expectedVersion": 1}),
        ("set-context", {"session": "chat", "context": {"a": 3}, "expectedVersion": 1}),
        ("context", {"session": "chat", "turn": 1}),
    ]


async def test_turns_come_page_by_page(client, fake_api):
    def page(asked):
        return {1: {"turns": [turn(1), turn(2)], "next": 3}, 3: {"turns": [turn(3, status="failed")]}}[asked]

    await fake_api.serve("session.turns", lambda _verb, body, _headers: page(json.loads(body)["from"]))
    session = client.session("chat")
    assert [one.turn async for one in session.turns()] == [1, 2, 3]
    assert [one.outputs async for one in session.at(2).turns()] == [{"answer": "yes"}] * 2
    assert [one.status async for one in session.turns(start=3)] == ["failed"]


async def test_fork_close_and_erase(client, fake_api):
    service = await played(
        fake_api,
        fork={**INFO, "session": "branch", "forkedFrom": {"session": "chat", "turn": 1}},
        close={**INFO, "status": "closed"},
        erase={"messages": 12, "running": 0},
        get=DspexError("not_found", "no session"),
    )
    session = client.session("chat")
    branch = await session.at(1).fork(name="branch")
    assert branch.id == "branch"
    assert (await branch.close("done")).status == "closed"
    assert (await branch.erase()).messages == 12
    assert (await failure(session.info())).code == "not_found"
    assert service.asked[0] == ("fork", {"session": "chat", "at": 1, "as": "branch"})
    assert service.asked[1] == ("close", {"session": "branch", "reason": "done"})


async def test_all_data_of_the_user_is_erased_by_its_name(client, fake_api):
    service = await played(fake_api, erase_user={"sessions": 2, "messages": 40, "running": 1})
    erased = await client.erase_user_data()
    assert (erased.sessions, erased.messages, erased.running) == (2, 40, 1)
    assert service.asked == [("erase-user", {"user": "local"})]


async def test_how_a_session_does_by_program(client, fake_api):
    await played(fake_api, get=INFO)
    programs = (await client.session("chat").info()).performance.programs
    assert programs["answer"].affinity.rate == 1


async def test_a_session_without_a_name_gets_one_of_its_own(client):
    first, second = client.session(), client.session()
    assert first.id != second.id
    with pytest.raises(DspexError, match="not a token"):
        client.session("a.b")


async def test_the_list_comes_page_by_page(client, fake_api):
    pages = [{"sessions": [INFO], "next": "chat"}, {"sessions": [{**INFO, "session": "other"}]}]
    service = await played(fake_api, list=pages)
    assert [one.session async for one in client.sessions(status="open")] == ["chat", "other"]
    assert service.asked == [("list", {"status": "open"}), ("list", {"status": "open", "after": "chat"})]
