"""What `knn` and `ensemble` make of a program runs in a pool as it was measured: which demonstrations are
shown, and which answer is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils import DummyLM

from dspex.errors import DspexError
from dspex_pool.modules.kind import ModuleSpec
from dspex_pool.modules.table import find_kind
from dspex_pool.user_functions import find_function
from tests.optimize.kit import METRICS

SIGNATURE = dspy.Signature("text -> label")
DEMOS = [
    dspy.Example(text=text, label=label).with_inputs("text")
    for text, label in (("aaaa", "a"), ("eeee", "e"), ("aaae", "a"), ("tttt", "t"))
]


def spec(parameters: dict[str, Any], demos: list[dspy.Example] = DEMOS) -> ModuleSpec:
    return ModuleSpec(
        signature=SIGNATURE,
        parameters=parameters,
        tools=[],
        demos=demos,
        valid=lambda *_: 1.0,
        function=lambda name: find_function(name, [METRICS], "function"),
    )


class Hears(DummyLM):  # type: ignore[misc]  # dspy has no types
    """Keeps what it is shown."""

    def __init__(self, answers: list[dict[str, str]]) -> None:
        super().__init__(answers)
        self.shown: list[str] = []

    def __call__(self, prompt: Any = None, messages: Any = None, **options: Any) -> Any:
        self.shown.append("\n".join(str(message["content"]) for message in messages or []))
        return super().__call__(prompt=prompt, messages=messages, **options)


def run(module: dspy.Module, lm: DummyLM, text: str) -> Any:
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter(), trace=[]):
        return module(text=text)


@pytest.mark.parametrize("asked", ["Predict", "ChainOfThought"])
def test_knn_shows_what_is_near(asked: str) -> None:
    module = find_kind("KNNFewShot").build(
        spec({"k": 2, "embeddings": "own_metrics:letters", "module": asked})
    )
    lm = Hears([{"label": "a", "reasoning": "r"}] * 2)
    assert run(module, lm, "aaa").label == "a"
    assert "aaaa" in lm.shown[0]
    assert "aaae" in lm.shown[0]
    assert "tttt" not in lm.shown[0]
    run(module, lm, "ttt")
    assert "tttt" in lm.shown[1]


def test_an_ensemble_answers_what_most_of_its_members_say() -> None:
    members = [{"demos": [0]}, {"demos": [1, 2], "instructions": "Say it."}, {"demos": []}]
    module = find_kind("Ensemble").build(spec({"members": members}))
    lm = Hears([{"label": "no"}, {"label": "Yes"}, {"label": "yes "}])
    assert run(module, lm, "x").label.strip().lower() == "yes"
    assert "aaaa" in lm.shown[0]
    assert "Say it." in lm.shown[1]
    assert "aaaa" not in lm.shown[2]


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("KNNFewShot", {"k": 2}, "needs the parameter embeddings"),
        ("KNNFewShot", {"embeddings": "own_metrics:none"}, "cannot be loaded"),
        ("KNNFewShot", {"embeddings": "os:listdir"}, "in no modules folder"),
        ("KNNFewShot", {"embeddings": "own_metrics:letters", "module": "ReAct"}, "asks Predict or"),
        ("KNNFewShot", {"embeddings": "own_metrics:letters", "n": 2}, 'no parameter "n"'),
        ("Ensemble", {}, "expected 1 to 16, got 0"),
        ("Ensemble", {"members": "all"}, "expected a list"),
        ("Ensemble", {"members": [{"demos": [9]}]}, "a member of Ensemble"),
        ("Ensemble", {"members": [{"demos": [], "instructions": 5}]}, "a member of Ensemble"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(DspexError, match=said) as raised:
        find_kind(kind).build(spec(parameters))
    assert raised.value.code == "module_not_found"


def test_a_function_is_looked_for_in_the_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "mine_alone.py").write_text("def one():\n    return 1\n\n\ntwo = 2\n")
    assert find_function("mine_alone:one", [tmp_path], "function")() == 1
    for name in ("mine_alone:two", "mine_alone:three", "json:dumps"):
        with pytest.raises(DspexError) as raised:
            find_function(name, [tmp_path], "function")
        assert raised.value.code == "module_not_found"
    with pytest.raises(DspexError, match="expected module:fn"):
        find_function("mine_alone", [tmp_path], "function")
