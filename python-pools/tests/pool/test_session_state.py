"""What a worker keeps of sessions: slots of the model's server, and users' own state."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dspy
import msgspec
import pytest

import dspex
from dspex.config import Models
from dspex.warm_state import provide_warm
from dspex_pool.attempt_context import AttemptContext, current_attempt
from dspex_pool.model_slots import ModelSlots
from dspex_pool.models import ModelRegistry
from dspex_pool.usage import AttemptUsage, read_budget
from dspex_pool.warm_states import MAX_IDLE_S, MAX_WARM_STATES, WarmStates
from tests.pool.fake_model_server import KEY, fake_model_server, says


def attempt(request_id: str = "local.c.1", **given: Any) -> AttemptContext:
    return AttemptContext(
        user="local",
        request_id=request_id,
        attempt=1,
        work_sequence=1,
        usage=AttemptUsage(lambda *_: None, read_budget({})),
        ends_at=time.time() + 60,
        program="tutor",
        version="1",
        **given,
    )


@contextmanager
def running(context: AttemptContext) -> Iterator[AttemptContext]:
    token = current_attempt.set(context)
    try:
        yield context
    finally:
        current_attempt.reset(token)


# ── slots ──


def turn(slots: ModelSlots, session: str) -> int | None:
    with slots.lease(session) as slot:
        return slot


def test_a_session_stays_in_the_slot_that_its_name_stands_for() -> None:
    slots = ModelSlots(4)
    # As services/native/model-slots.test.ts has them.
    assert [turn(slots, f"local.{name}") for name in ("a", "b", "travel")] == [1, 0, 2]
    assert [turn(slots, f"local.{name}") for name in ("travel", "b", "a", "a")] == [2, 0, 1, 1]


def test_more_sessions_than_slots_take_one_that_nobody_has_used_of_late() -> None:
    slots = ModelSlots(2)
    first, second = turn(slots, "s.a"), turn(slots, "s.b")
    assert first != second
    for _ in range(6):
        turn(slots, "s.a")
    assert turn(slots, "s.c") == second
    assert turn(slots, "s.a") == first


def test_more_sessions_than_slots_that_take_turns_mostly_find_their_own() -> None:
    slots = ModelSlots(4)
    names = [f"local.{name}" for name in ("a", "b", "c", "travel", "told")]
    owners: dict[int | None, str] = {}
    stayed = 0
    for n in range(50):
        slot = turn(slots, names[n % 5])
        stayed += owners.get(slot) == names[n % 5]
        owners[slot] = names[n % 5]
    assert stayed >= 0.5 * 45


def test_a_busy_slot_is_nobody_elses() -> None:
    slots = ModelSlots(2)
    with slots.lease("s.a") as first, slots.lease("s.b") as second:
        assert {first, second} == {0, 1}
        with slots.lease("s.a") as again, slots.lease("s.c") as third:
            assert (again, third) == (None, None)
    assert turn(slots, "s.a") == first


@pytest.mark.parametrize("streamed", [False, True])
async def test_each_call_of_a_turn_names_the_sessions_slot(streamed: bool) -> None:
    async with fake_model_server() as fake:
        fake.script = lambda _: says({"answer": "yes"})
        models = msgspec.convert(fake.models(cacheSlots=4), Models)
        registry = ModelRegistry(models, {"fake": KEY, "other": KEY})
        predict = dspy.Predict("question -> answer")

        async def ask(context: AttemptContext) -> None:
            with (
                running(context),
                dspy.context(lm=registry.lm(temperature=0.5), adapter=dspy.JSONAdapter(), trace=[]),
            ):
                if not streamed:
                    assert (await predict.acall(question="?")).answer == "yes"
                    return
                listeners = [dspy.streaming.StreamListener(signature_field_name="answer")]
                program = dspy.streamify(predict, stream_listeners=listeners)
                assert [one async for one in program(question="?")][-1].answer == "yes"

        in_session = attempt(session="travel")
        await ask(in_session)
        await ask(attempt())
        await registry.close()
        first, second = fake.requests
        assert (first["id_slot"], in_session.slot) == (2, 2)
        assert second["id_slot"] != 2, "that of its program"
        assert first["response_format"]["type"] == "json_schema"
        assert (first["temperature"], first["max_tokens"]) == (0.5, 512)
        assert fake.keys == [f"Bearer {KEY}"] * 2


async def test_calls_from_threads_and_beside_each_other() -> None:
    async with fake_model_server() as fake:
        fake.script = lambda _: says({"answer": "yes"}, delay_s=0.1)
        models = msgspec.convert(fake.models(cacheSlots=2), Models)
        registry = ModelRegistry(models, {"fake": KEY, "other": KEY})
        predict = dspy.Predict("question -> answer")
        with (
            running(attempt(session="travel")),
            dspy.context(lm=registry.lm(), adapter=dspy.JSONAdapter(), trace=[]),
        ):
            beside = [predict.acall(question="?"), predict.acall(question="!")]
            made = [*await asyncio.gather(*beside), await dspy.asyncify(predict)(question="?")]
        await registry.close()
        assert [one.answer for one in made] == ["yes"] * 3
        slots = [request.get("id_slot") for request in fake.requests]
        assert sorted(slots, key=str) == [0, 0, None], "the second beside the first goes where there is room"


async def test_a_model_without_slots_is_asked_as_ever() -> None:
    async with fake_model_server() as fake:
        fake.script = lambda _: says({"answer": "yes"})
        registry = ModelRegistry(msgspec.convert(fake.models(), Models), {"fake": KEY, "other": KEY})
        context = attempt(session="travel")
        with running(context), dspy.context(lm=registry.lm(), adapter=dspy.JSONAdapter(), trace=[]):
            await dspy.Predict("question -> answer").acall(question="?")
        await registry.close()
        assert "id_slot" not in json.dumps(fake.requests)
        assert context.slot is None


# ── users' own state ──


class Notes:
    built = 0

    def __init__(self, turns: Any) -> None:
        type(self).built += 1
        self.lines = [one["inputs"]["question"] for one in turns]


@pytest.fixture
def states() -> Iterator[WarmStates]:
    kept = WarmStates()
    Notes.built = 0
    provide_warm(kept)
    yield kept
    provide_warm(None)


def asked(states: WarmStates, n: int, *, after: int | None, succeeds: bool = True, **given: Any) -> list[str]:
    """Lines of the notes in the n-th turn, which adds one."""
    turns = [{"inputs": {"question": f"q{i}"}, "outputs": {}} for i in range(1, n)]
    previous = None if after is None else f"local.c.{after}"
    context = attempt(f"local.c.{n}", session="s", turns=turns, previous_turn=previous)
    for name, value in given.items():
        setattr(context, name, value)
    with running(context):
        notes = dspex.warm(Notes)
        assert dspex.warm(Notes) is notes
        notes.lines.append(f"q{n}")
    if succeeds:
        states.keep(context)
    return list(notes.lines)


def test_what_is_kept_is_as_the_turn_before_left_it(states: WarmStates) -> None:
    assert asked(states, 1, after=None) == ["q1"]
    assert asked(states, 2, after=1) == ["q1", "q2"]
    assert asked(states, 3, after=2) == ["q1", "q2", "q3"]
    assert Notes.built == 1


def test_after_a_turn_elsewhere_or_one_that_failed_it_is_made_again(states: WarmStates) -> None:
    asked(states, 1, after=None)
    # Turn 2 was another worker's.
    assert asked(states, 3, after=2) == ["q1", "q2", "q3"]
    assert Notes.built == 2
    assert asked(states, 4, after=3, succeeds=False)[-1] == "q4"
    assert asked(states, 4, after=3) == ["q1", "q2", "q3", "q4"]
    assert Notes.built == 3


def test_sessions_programs_and_versions_have_their_own(states: WarmStates) -> None:
    asked(states, 1, after=None)
    for given in ({"session": "t"}, {"program": "other"}, {"version": "2"}, {"user": "ann"}):
        asked(states, 2, after=1, **given)
    assert Notes.built == 5


def test_outside_of_a_session_nothing_is_kept(states: WarmStates) -> None:
    with running(attempt()):
        assert dspex.warm(Notes) is not dspex.warm(Notes)
    assert len(states) == 0
    provide_warm(None)
    assert dspex.warm(len) == 0


def test_names_keep_several(states: WarmStates) -> None:
    context = attempt(session="s")
    with running(context):
        assert dspex.warm(Notes) is not dspex.warm(Notes, name="other")
    states.keep(context)
    assert len(states) == 2


def test_bounds() -> None:
    now = [0.0]
    states = WarmStates(clock=lambda: now[0])
    for n in range(MAX_WARM_STATES + 10):
        context = attempt(session=f"s{n}")
        with running(context):
            states(lambda turns: len(turns), "")
        states.keep(context)
    assert len(states) == MAX_WARM_STATES
    now[0] = MAX_IDLE_S + 1
    context = attempt(session="new")
    with running(context):
        states(lambda turns: len(turns), "")
    states.keep(context)
    assert len(states) == 1
