"""The pure parts: folds, errors, redaction, deliveries, slots."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import dspy
import pytest
from dspy.utils import exceptions as dspy_errors

from dspex.errors import DspexError
from dspex.signature.errors import Problem, ValuesError
from dspex_pool.config import read_config
from dspex_pool.delivery import read_delivery
from dspex_pool.errors import classify, to_wire
from dspex_pool.program_state import MAX_VERSIONS, ProgramEvent, ProgramState, evolve, find, initial_state
from dspex_pool.redact import HIDDEN, Redactor
from dspex_pool.slots import Slots
from tests.pool.log_kit import cloud_event, program
from tests.pool.log_kit import dspy as dspy_implementation

# ── the programs ──


def registered(definition: dict[str, Any]) -> ProgramEvent:
    event = cloud_event("dspex.program.registered.v1", "programs/1", {**definition, "by": "config"})
    return ProgramEvent(definition["name"], "registered", event)


def after(*events: ProgramEvent) -> ProgramState:
    state = initial_state()
    for event in events:
        state = evolve(state, event)
    return state


def test_a_registered_version_is_found_and_the_ones_before_it_too() -> None:
    first = program("qa", "a: str -> b: str", dspy_implementation("Predict"))
    second = program("qa", "a: str -> b: str", dspy_implementation("ChainOfThought"))
    state = after(registered(first), registered(second))
    for definition in (first, second):
        found = find(state, "qa", definition["version"])
        assert found is not None
        assert found.implementations[0].name == definition["implementations"][0]["name"]
    assert find(state, "qa", "other") is None
    assert find(state, "other", first["version"]) is None


def test_versions_are_bounded_and_the_oldest_go_first() -> None:
    definitions = [
        program("qa", "a: str -> b: str", dspy_implementation("Predict"), description=str(n))
        for n in range(MAX_VERSIONS + 1)
    ]
    state = after(*(registered(definition) for definition in definitions))
    assert find(state, "qa", definitions[0]["version"]) is None
    assert find(state, "qa", definitions[-1]["version"]) is not None
    assert len(state.programs["qa"]) == MAX_VERSIONS


@pytest.mark.parametrize(
    "event",
    [
        ProgramEvent("qa", "removed", b"{}"),
        ProgramEvent("qa", "a-later-verb", b"{}"),
        ProgramEvent("qa", "registered", b"no json"),
        ProgramEvent("qa", "registered", b'{"data": {"name": "qa", "implementations": [{"kind": "later"}]}}'),
    ],
    ids=["removed", "unknown verb", "no json", "a later version of the contract"],
)
def test_what_is_not_understood_leaves_the_state_as_it_was(event: ProgramEvent) -> None:
    state = after(registered(program("qa", "a: str -> b: str", dspy_implementation("Predict"))))
    assert evolve(state, event) is state


# ── errors ──

ERRORS = [
    (DspexError("gone", "x"), "gone", False),
    (ValuesError("output_invalid", [Problem("outputs.a", "a", "int", "str")]), "output_invalid", True),
    (dspy_errors.LMRateLimitError("m", model="p/x", retry_after=1.5), "lm_rate_limited", True),
    (dspy_errors.LMTimeoutError("m"), "lm_timeout", True),
    (dspy_errors.LMTransportError("refused"), "lm_unavailable", True),
    (dspy_errors.LMServerError("m", status=503), "lm_unavailable", True),
    (dspy_errors.LMAuthError("m"), "lm_auth", False),
    (dspy_errors.LMNotConfiguredError("m"), "lm_auth", False),
    (dspy_errors.LMBillingError("m"), "lm_rejected", False),
    (dspy_errors.LMInvalidRequestError("m", status=400), "lm_rejected", False),
    (dspy_errors.LMUnsupportedFeatureError("m"), "lm_rejected", False),
    (dspy_errors.ContextWindowExceededError(), "context_window_exceeded", False),
    (dspy_errors.LMInvalidRequestError("maximum context length is 9"), "context_window_exceeded", False),
    (ExceptionGroup("g", [dspy_errors.LMAuthError("m")]), "lm_auth", False),
    (ZeroDivisionError("secret"), "internal", False),
]


@pytest.mark.parametrize(("error", "code", "retryable"), ERRORS, ids=[str(one[1:]) for one in ERRORS])
def test_each_error_has_its_code(error: Exception, code: str, retryable: bool) -> None:
    found = classify(error)
    assert (found.code, found.retryable) == (code, retryable)
    assert "secret" not in found.message


def test_a_rate_limit_says_when_to_come_back() -> None:
    assert classify(ERRORS[2][0]).retry_after_ms == 1_500


def test_a_parse_error_names_fields_and_no_text() -> None:
    signature = dspy.Signature("question -> answer, score: int")
    error = dspy_errors.AdapterParseError(
        "JSONAdapter", signature, "the model's secret", parsed_result={"answer": 1}
    )
    message = classify(error).message
    assert (
        message
        == "JSONAdapter found no [answer, score] in the model's answer of 18 characters, only [answer]"
    )


def test_messages_stay_small_and_users_texts_are_kept_for_users_code() -> None:
    long = to_wire(DspexError("internal", "x" * 9_000), Redactor([]))
    assert len(long.message.encode()) < 2_048
    assert classify(ValueError("why"), users_code=True).message == "ValueError: why"


def test_keys_are_taken_out_of_texts() -> None:
    redact = Redactor(["hunter22", None, "short"])
    assert redact("key hunter22 and sk-abcdefgh12345678") == f"key {HIDDEN} and {HIDDEN}"
    assert redact("Authorization: Bearer abc.def") == f"Authorization: Bearer {HIDDEN}"
    assert redact("a short text, task-oriented") == "a short text, task-oriented"


# ── deliveries ──


def test_an_acknowledgement_subject_is_taken_apart() -> None:
    for reply in (
        "$JS.ACK.DSPEX.work-general-any.2.71.5.1795499147172960566.9",
        "$JS.ACK.hub.ABCDEF.DSPEX.work-general-any.2.71.5.1795499147172960566.9.rand",
    ):
        found = read_delivery("dspex.work.general.any", reply, b"x", None)
        assert found is not None
        assert (found.deliveries, found.sequence, found.consumer_sequence, found.pending) == (2, 71, 5, 9)
    assert read_delivery("a", "_INBOX.x", b"", None) is None
    assert read_delivery("a", "", b"", None) is None


# ── slots ──


async def test_slots_are_given_in_order_and_a_waiter_that_leaves_takes_none() -> None:
    slots = Slots(1, lambda: None)
    await slots.take()
    order: list[str] = []

    async def wait(name: str) -> None:
        await slots.take()
        order.append(name)

    waiting = [asyncio.create_task(wait(name)) for name in "abc"]
    await asyncio.sleep(0)
    assert (slots.busy, slots.waiting, slots.free) == (1, 3, 0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    slots.give_back()
    await waiting[1]
    slots.give_back()
    await waiting[2]
    assert order == ["b", "c"]
    slots.give_back()
    assert (slots.busy, slots.free) == (0, 1)


async def test_a_slot_that_is_handed_to_a_waiter_who_leaves_at_that_moment_comes_back() -> None:
    slots = Slots(1, lambda: None)
    await slots.take()
    waiting = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    slots.give_back()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (slots.busy, slots.free) == (0, 1)


async def test_lost_slots_come_back_and_all_lost_is_told_after_a_while() -> None:
    told = asyncio.Event()
    slots = Slots(2, told.set, grace_s=0.02)
    slots.lose()
    slots.lose()
    slots.regain()
    await asyncio.sleep(0.04)
    assert not told.is_set()
    assert slots.free == 1
    slots.lose()
    async with asyncio.timeout(60):
        await told.wait()


# ── configuration ──


def test_the_configuration_is_read_from_arguments_and_environment() -> None:
    models = {"default": "m", "models": {"m": {"model": "x", "baseUrl": "http://127.0.0.1:1/v1"}}}
    config = read_config(
        ["--pool", "general", "--worker", "3", "--slots", "4", "--modules", "a", "--modules", "b"],
        {"NATS_USER": "pool-general", "DSPEX_MODELS": json.dumps(models), "DSPEX_SUPERVISOR_FD": "3"},
    )
    assert (config.pool, config.worker, config.slots, config.supervisor_fd) == ("general", "3", 4, 3)
    assert [str(path) for path in config.modules] == ["a", "b"]
    assert config.nats.inbox_prefix == "_INBOX_pool-general"
    assert config.models is not None
    assert config.models.models["m"].timeout_ms == 60_000
    taken = config.taking("7", "life")
    assert (taken.worker, taken.incarnation, taken.source) == ("7", "life", "general/7")


def test_models_that_are_none_end_the_process_with_the_place() -> None:
    with pytest.raises(SystemExit, match=r"DSPEX_MODELS is no list of models: .* `model`"):
        read_config(["--pool", "general"], {"DSPEX_MODELS": '{"default": "m", "models": {"m": {}}}'})


@pytest.mark.parametrize("wrong", [["--pool", "a.b"], ["--pool", "x", "--slots", "0"], []])
def test_wrong_arguments_end_the_process(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        read_config(wrong, {})
