"""How good an answer is, 0 to 1, by the outputs that were wanted.

exact · f1 · contains · semantic (needs embeddings) · llm-judge (asks a model) · module:fn (the user's own)
"""

from __future__ import annotations

import math
import operator
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dspex.errors import DspexError
from dspex_pool.embeddings import Embed, find_embeddings, installed_package, no_embeddings
from dspex_pool.optimize.prompts import text_of
from dspex_pool.user_functions import MAX_TOLD, find_function

Outputs = Mapping[str, Any]
"""(wanted outputs, given outputs, inputs) → 0 … 1."""
Metric = Callable[[Outputs, Outputs, Outputs], float]
"""Says what a model thinks of an answer: instructions and the answer's story → text."""
Ask = Callable[[str], str]

KNOWN: Final = ("exact", "f1", "contains", "semantic", "llm-judge")
JUDGE: Final = (
    "Compare a given answer with the wanted one. Reply with one number from 0 (wrong) to 10 (as good as the "
    "wanted one) and nothing else."
)
_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


def exact(wanted: Outputs, given: Outputs, _: Outputs) -> float:
    """All outputs that the example has; texts without regard to case and outer spaces."""
    return float(all(_plain(value) == _plain(given.get(name)) for name, value in wanted.items()))


def f1(wanted: Outputs, given: Outputs, _: Outputs) -> float:
    """Of words, mean over the outputs."""
    scores = [_word_f1(text_of(value), text_of(given.get(name))) for name, value in wanted.items()]
    return math.fsum(scores) / len(scores) if scores else 0.0


def contains(wanted: Outputs, given: Outputs, _: Outputs) -> float:
    """Each wanted text stands somewhere in the given one."""
    return float(
        all(
            text_of(value).strip().casefold() in text_of(given.get(name)).casefold()
            for name, value in wanted.items()
        )
    )


def semantic(embed: Embed) -> Metric:
    def nearness(wanted: Outputs, given: Outputs, _: Outputs) -> float:
        names = list(wanted)
        texts = [text_of(wanted[name]) for name in names] + [text_of(given.get(name)) for name in names]
        vectors = [[float(one) for one in vector] for vector in embed(texts)]
        pairs = zip(vectors[: len(names)], vectors[len(names) :], strict=True)
        return math.fsum(max(0.0, _cosine(one, other)) for one, other in pairs) / len(names)

    return nearness


def llm_judge(ask: Ask) -> Metric:
    def judged(wanted: Outputs, given: Outputs, inputs: Outputs) -> float:
        answer = ask(
            f"{JUDGE}\n\nInputs: {text_of(dict(inputs))}\nWanted: {text_of(dict(wanted))}\n"
            f"Given: {text_of(dict(given))}\nNumber:"
        )
        found = _NUMBER.search(answer)
        if found is None:
            raise ValueError("the judge said no number")
        return min(1.0, float(found[0]) / 10)

    return judged


def make_metric(name: str, folders: Sequence[Path], embeddings: str | None, ask: Ask) -> Metric:
    """@raises DspexError for a metric that is none, or that lacks what it needs."""
    match name:
        case "exact":
            return exact
        case "f1":
            return f1
        case "contains":
            return contains
        case "semantic":
            named = embeddings or installed_package()
            if named is None:
                raise no_embeddings("metric semantic")
            return semantic(find_embeddings(named, lambda own: find_function(own, folders, "embeddings")))
        case "llm-judge":
            return llm_judge(ask)
        case _ if ":" in name:
            return find_function(name, folders, "metric")
        case _:
            raise DspexError(
                "invalid_inputs",
                f'no metric "{name}": there are {", ".join(KNOWN)} and module:fn',
                path="metric",
            )


class Judge:
    """Applies a metric; an example on which it throws scores 0 and is counted."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._lock = threading.Lock()
        self.calls = 0
        self.failures = 0
        self.first_failure: str | None = None

    def score(self, wanted: Outputs, given: Outputs, inputs: Outputs) -> float:
        """@raises DspexError once the metric has thrown on every one of many examples."""
        try:
            score = float(self._metric(wanted, given, inputs))
            if not 0.0 <= score <= 1.0:
                raise ValueError(f"{score} is not from 0 to 1")
        except DspexError:
            # Of a model call: no more may be spent, or nobody wants the answer.
            raise
        except Exception as error:
            with self._lock:
                self.calls += 1
                self.failures += 1
                self.first_failure = self.first_failure or f"{type(error).__name__}: {error}"[:MAX_TOLD]
            return 0.0
        with self._lock:
            self.calls += 1
        return score

    def check(self) -> None:
        """@raises DspexError when it has never worked: every score would be a made-up 0."""
        if self.calls > 0 and self.failures == self.calls:
            raise DspexError(
                "invalid_inputs",
                f"the metric failed on all {self.calls} examples: {self.first_failure}",
                path="metric",
            )


def _plain(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def _word_f1(wanted: str, given: str) -> float:
    one = Counter(word.casefold() for word in _WORD.findall(wanted))
    other = Counter(word.casefold() for word in _WORD.findall(given))
    common = sum((one & other).values())
    if not one or not other:
        return float(one == other)
    return 2 * common / (sum(one.values()) + sum(other.values()))


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    # Of two that point the same way it is a rounding beside 1.
    return 0.0 if lengths == 0 else min(1.0, math.fsum(map(operator.mul, one, other)) / lengths)
