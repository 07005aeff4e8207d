"""`client.variables`, against a variables service and a gateway that are played."""

import json
import re
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspex.errors import DspexError
from dspex.messages import BooleanVariableDefinition, VariableMetric
from dspex.variables_update import check_pattern, matches_pattern
from tests.client.fake_api import pieces


@pytest.mark.parametrize(
    ("name", "pattern", "matches"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("qa_temperature", "qa_*", True),
        ("qa_temperature", "q*temp*e", True),
        ("qa_temperature", "*_*_*", False),
        ("aba", "aba*aba", False),
        ("ab", "**", True),
    ],
)
def test_patterns(name, pattern, matches):
    assert matches_pattern(name, pattern) is matches


@given(st.text("abc", max_size=12), st.text("ab*", max_size=12))
def test_any_pattern_means_what_a_regular_expression_does(name, pattern):
    assert matches_pattern(name, pattern) == bool(re.fullmatch(pattern.replace("*", ".*"), name))


@pytest.mark.parametrize("pattern", ["", "a.b", "a b", "*" * 129])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(DspexError) as raised:
        check_pattern(pattern)
    assert (raised.value.code, raised.value.path) == ("invalid_inputs", "pattern")


def info(name, value, version):
    definition = {"name": name, "kind": "float", "min": 0, "max": 1, "default": 0}
    return {
        "name": name,
        "value": value,
        "version": version,
        "status": "active",
        "definition": definition,
        "by": "local",
        "time": "2026-11-24T05:36:00.000Z",
    }


def changed(sequence, *changes, verb="changed", **more):
    told = [{"name": name, "value": value, "version": version} for name, value, version in changes]
    return {
        "sequence": sequence,
        "time": "2026-11-24T05:36:00.000Z",
        "subject": f"dspex.event.variable.{verb}",
        "type": f"dspex.variable.{verb}.v1",
        "data": {"changes": told, "by": "local", **more},
    }


@pytest.mark.integration
async def test_a_list_is_read_page_by_page_and_again_where_pages_do_not_belong_together(client, fake_api):
    sequences = [7, 8, 8, 8]

    def answer(_verb, body, _headers):
        page = {"sequence": sequences.pop(0), "variables": [info("a", 0, 1)], "after": "a"}
        if "after" in json.loads(body):
            page = {"sequence": page["sequence"], "variables": [info("b", 0.5, 2)]}
        return page

    await fake_api.serve("variable.list", answer)
    found = await client.variables.list()
    assert [(one.name, one.value, one.version) for one in found] == [("a", 0, 1), ("b", 0.5, 2)]
    assert sequences == []


@pytest.mark.integration
async def test_details_and_history_are_typed(client, fake_api):
    def history(_verb, body, _headers):
        before = json.loads(body).get("before")
        entry = {"sequence": 5, "time": "t", "verb": "changed", "by": "local", "value": 3}
        if before is None:
            metric = {"name": "exact", "value": 0.9}
            return {"name": "a", "changes": [{**entry, "version": 2, "metric": metric}], "before": 2}
        return {"name": "a", "changes": [{**entry, "version": 1}]}

    await fake_api.serve(
        "variable.get", lambda *_: {**info("a", 3, 2), "sequence": 9, "dependsOn": ["b"], "neededBy": []}
    )
    await fake_api.serve("variable.history", history)
    found = await client.variables.get("a")
    assert (found.value, found.version, found.depends_on, found.needed_by) == (3, 2, ["b"], [])
    changes = await client.variables.history("a")
    assert [change.version for change in changes] == [2, 1]
    assert changes[0].metric == VariableMetric(name="exact", value=0.9)
    assert len(await client.variables.history("a", limit=1)) == 1


@pytest.mark.integration
async def test_commands_are_sent_as_they_are_meant(client, fake_api):
    answer = {"changed": True, "changes": [{"name": "a", "value": 1, "version": 2}], "sequence": 9}
    for verb in ("register", "set", "reset", "deprecate"):
        await fake_api.serve(f"variable.{verb}", lambda *_: answer, admin=True)
    variables = client.variables
    told = await variables.set(
        {"a": 1}, reason="r", expect={"a": 1}, metric=VariableMetric(name="m", value=1)
    )
    assert (told.changed, told.changes[0].value, told.sequence) == (True, 1, 9)
    await variables.reset(["a"])
    await variables.deprecate("a", replaced_by="b")
    await variables.register(
        [BooleanVariableDefinition(name="b", default=False), {"name": "c", "kind": "boolean"}]
    )
    assert [(verb, json.loads(body)) for verb, body in fake_api.calls] == [
        (
            "variable.set",
            {"values": {"a": 1}, "reason": "r", "expect": {"a": 1}, "metric": {"name": "m", "value": 1}},
        ),
        ("variable.reset", {"names": ["a"]}),
        ("variable.deprecate", {"name": "a", "replacedBy": "b"}),
        (
            "variable.register",
            {
                "variables": [
                    {"kind": "boolean", "name": "b", "default": False},
                    {"name": "c", "kind": "boolean"},
                ]
            },
        ),
    ]


@pytest.mark.integration
async def test_who_has_not_the_right_is_told_so(client, fake_api):
    def refuse(*_):
        raise DspexError("not_allowed", "variable.set needs the right `admin`")

    await fake_api.serve("variable.set", refuse)
    with pytest.raises(DspexError) as raised:
        await client.variables.set({"a": 1})
    assert raised.value.code == "not_allowed"


@pytest.mark.integration
async def test_observers_see_what_they_asked_for_once_and_go_on_after_a_gap(client, fake_api):
    asked = []

    def observe(_verb, body, _headers):
        start = json.loads(body)["from"]
        asked.append(start)
        if start == 1:
            rejection = {
                "command": "set",
                "names": ["qa_a"],
                "by": "local",
                "error": {"code": "conflict", "message": "m", "retryable": False},
            }
            rejected = {**changed(3, verb="rejected"), "data": rejection}
            return pieces(
                changed(2, ("qa_a", 1, 1), ("other", 1, 1)), rejected, changed(4, ("other", 2, 2)), end="more"
            )
        if start == 5 and len(asked) == 2:
            raise DspexError("unavailable", "the gateway is away")
        # Told again before the log forgets it; then something new.
        return pieces(
            changed(
                8,
                ("qa_a", 1, 1),
                verb="registered",
                definitions=[{"name": "qa_a", "kind": "boolean", "default": True}],
            ),
            changed(9, ("qa_b", 3, 1), ("qa_a", 2, 2), reason="why"),
        )

    await fake_api.serve("observe", observe)
    seen = []
    async with aclosing(client.variables.observe("qa_*", from_sequence=1, rejected=True)) as updates:
        async for update in updates:
            seen.append((update.sequence, update.verb, [(c.name, c.value) for c in update.changes]))
            if update.sequence == 9:
                assert update.reason == "why"
                break
    assert seen == [
        (2, "changed", [("qa_a", 1)]),
        (3, "rejected", []),
        (9, "changed", [("qa_b", 3), ("qa_a", 2)]),
    ]
    assert asked == [1, 5, 5]


@pytest.mark.integration
async def test_an_observer_from_now_on_begins_behind_the_values_of_now(client, fake_api):
    await fake_api.serve("variable.list", lambda *_: {"sequence": 41, "variables": [info("a", 0, 3)]})

    def observe(_verb, body, _headers):
        assert json.loads(body) == {"kinds": ["variable"], "from": 42}
        return pieces(changed(50, ("a", 0, 3)), changed(51, ("a", 1, 4)))

    await fake_api.serve("observe", observe)
    async with aclosing(client.variables.observe("a")) as updates:
        assert (await anext(updates)).changes[0].version == 4


@pytest.mark.integration
async def test_an_observer_as_the_documentation_shows_it(client, fake_api):
    told = [changed(2, ("a", 1, 1)), changed(3, ("ab", 5, 1), ("b", 1, 1))]
    await fake_api.serve("observe", lambda *_: pieces(*told))
    noted = []

    def note(name, value, version):
        noted.append((name, value, version))

    def is_enough():
        return len(noted) == 2

    # region observe
    async with aclosing(client.variables.observe("a*", from_sequence=1)) as updates:
        async for update in updates:
            for change in update.changes:
                note(change.name, change.value, change.version)
            if is_enough():
                break
    # endregion
    assert noted == [("a", 1, 1), ("ab", 5, 1)]
