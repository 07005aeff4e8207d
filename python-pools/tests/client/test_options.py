import pytest

from dspex.client.options import sort_out
from dspex.errors import DspexError


def test_keywords_are_inputs_except_options():
    asked = sort_out(None, {"question": "q", "deadline_ms": 5, "id": "order-42", "stream": True}, None)
    assert asked.inputs == {"question": "q"}
    assert asked.chosen_id == "order-42"
    assert asked.options == {"deadlineMs": 5, "stream": True}


def test_inputs_in_one_mapping_may_be_named_like_options():
    asked = sort_out({"priority": "high"}, {"priority": 9}, frozenset({"priority"}))
    assert asked.inputs == {"priority": "high"}
    assert asked.options == {"priority": 9}


def test_an_option_that_is_none_is_absent():
    assert sort_out(None, {"session": None, "x": None}, None) == ({"x": None}, None, {})


@pytest.mark.parametrize(
    ("inputs", "keywords", "names", "path"),
    [
        ({"x": 1}, {"x": 2}, None, "inputs.x"),
        (None, {"priority": 1}, frozenset({"priority"}), "inputs.priority"),
        (None, {"priority": 10}, None, "priority"),
        (None, {"deadline_ms": 0}, None, "deadlineMs"),
        (None, {"prefer": "luck"}, None, "prefer"),
        (None, {"session": "a.b"}, None, "session"),
        (None, {"budget": {"tokens": 0}}, None, "budget.tokens"),
        (None, {"id": 7}, None, "id"),
    ],
)
def test_what_does_not_fit_is_named(inputs, keywords, names, path):
    with pytest.raises(DspexError) as raised:
        sort_out(inputs, keywords, names)
    assert (raised.value.code, raised.value.path) == ("invalid_inputs", path)
