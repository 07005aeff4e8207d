"""Spaces of variables and the next values to try."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dspex.codec import decode
from dspex.errors import DspexError
from dspex.messages import VariableDefinition
from dspex_pool.optimize.variables.space import space_of
from dspex_pool.optimize.variables.suggest import Tried, suggest


def definitions(*declared):
    return [decode(VariableDefinition, one) for one in declared]


FLOAT = {"kind": "float", "name": "warmth", "min": 0, "max": 2}
STEPS = {"kind": "float", "name": "part", "min": 0, "max": 0.3, "step": 0.1}
WHOLE = {"kind": "integer", "name": "most", "min": 10, "max": 100, "step": 30}
LOG = {"kind": "integer", "name": "size", "min": 1, "max": 1_000, "log": True}
CHOICE = {"kind": "choice", "name": "mixed", "choices": [1, True, "1", 2.5]}
FLAG = {"kind": "boolean", "name": "short"}
MODULE = {"kind": "module", "name": "who", "choices": ["small", "large"]}


def test_values_are_those_that_the_registry_takes():
    space = space_of(definitions(STEPS, WHOLE, CHOICE, FLAG, MODULE))
    found = space.all()
    assert len(found) == space.count() == 4 * 4 * 4 * 2 * 2
    assert sorted({one["part"] for one in found}) == [0.0, 0.1, 0.2, 0.3]
    assert sorted({one["most"] for one in found}) == [10, 40, 70, 100]
    assert all(isinstance(one["most"], int) for one in found)
    assert {type(one["mixed"]) for one in found} == {int, bool, str, float}
    assert math.isinf(space_of(definitions(FLOAT)).count())


def test_a_value_has_its_place_and_1_is_not_true():
    space = space_of(definitions(CHOICE))
    assert [space.point({"mixed": value})["mixed"] for value in (1, True, "1", 2.5)] == [0, 1, 2, 3]
    with pytest.raises(DspexError, match="none of"):
        space.point({"mixed": "2"})


@pytest.mark.parametrize("kind", ["string", "prompt", "demos"])
def test_what_has_no_values_to_choose_from_is_refused(kind):
    with pytest.raises(DspexError, match='variable "text" has no values to choose from'):
        space_of(definitions({"kind": kind, "name": "text"}))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_next_follows_from_seed_and_trials_alone_and_is_new(seed):
    space = space_of(definitions(FLOAT, LOG, MODULE, STEPS))
    tried = [Tried({"warmth": 0.7, "size": 10, "who": "small", "part": 0.1}, (0.5,))]
    for _ in range(10):
        values = suggest(space, ["quality"], seed, tried)
        assert values == suggest(space, ["quality"], seed, tried)
        assert values not in [one.values for one in tried]
        assert 0 <= values["warmth"] <= 2
        assert 1 <= values["size"] <= 1_000
        assert values["part"] in (0.0, 0.1, 0.2, 0.3)
        assert values["who"] in ("small", "large")
        tried.append(Tried(values, None if values["size"] > 500 else (values["warmth"],)))


def test_few_combinations_are_each_tried_once_then_there_is_nothing_more():
    space = space_of(definitions(FLAG, MODULE))
    tried = [Tried({"short": False, "who": "small"}, (0.5, 10.0))]
    while (values := suggest(space, ["quality", "latencyMs"], 0, tried)) is not None:
        tried.append(Tried(values, (0.5, 1.0)))
    assert len({tuple(one.values.values()) for one in tried}) == len(tried) == 4


def test_better_values_are_found_with_one_objective():
    space = space_of(definitions(FLOAT))
    tried = [Tried({"warmth": 0.0}, (0.0,))]
    for _ in range(30):
        values = suggest(space, ["quality"], 1, tried)
        tried.append(Tried(values, (1 - abs(values["warmth"] - 1.3),)))
    assert abs(max(tried, key=lambda one: one.figures).values["warmth"] - 1.3) < 0.05


def test_values_that_may_not_be_together_are_learned():
    space = space_of(definitions(FLOAT))
    tried = [Tried({"warmth": 0.1}, (0.1,))]
    for _ in range(30):
        values = suggest(space, ["quality"], 1, tried)
        allowed = values["warmth"] <= 0.5
        tried.append(Tried(values, (values["warmth"],) if allowed else None))
    # By chance one in four would be allowed, and three in ten near it.
    late = [one.values["warmth"] for one in tried[-12:]]
    assert sum(warmth <= 0.6 for warmth in late) >= 7
    assert max(one.figures[0] for one in tried if one.figures is not None) > 0.45
