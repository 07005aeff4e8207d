"""Which versions a pool knows: those that were registered, and one that is tried beside the one in use."""

from __future__ import annotations

from typing import Any

import msgspec

from dspex_pool.program_state import ProgramEvent, ProgramState, evolve, find, initial_state
from tests.pool.log_kit import program


def version(name: str, number: int) -> dict[str, Any]:
    rules = {"name": "rules", "kind": "native"}
    return {**program(name, "text: str -> mood: str", rules), "version": f"v{number}"}


def told(verb: str, data: dict[str, Any]) -> ProgramEvent:
    return ProgramEvent("mood", verb, msgspec.json.encode({"data": data}))


def registered(state: ProgramState, number: int) -> ProgramState:
    return evolve(state, told("registered", {**version("mood", number), "by": "local"}))


def tried(state: ProgramState, number: int) -> ProgramState:
    canary = {"definition": version("mood", number), "base": "v1", "share": 0.1, "maxOutcomes": 9, "by": "x"}
    return evolve(state, told("canary-started", canary))


def test_a_version_that_is_tried_is_known_beside_the_one_in_use():
    state = tried(registered(initial_state(), 1), 2)
    assert find(state, "mood", "v2") is not None
    assert list(state.programs["mood"]) == ["v2", "v1"], "the one in use stays the newest"


def test_it_is_known_also_where_the_log_has_forgotten_the_registration():
    assert find(tried(initial_state(), 2), "mood", "v2") is not None


def test_what_cannot_be_read_changes_nothing():
    state = registered(initial_state(), 1)
    assert evolve(state, told("canary-started", {"definition": 5})) is state
    assert evolve(state, ProgramEvent("mood", "canary-started", b"no json")) is state
