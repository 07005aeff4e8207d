"""A candidate is an implementation as it would be registered; this runs one on examples.

choice ─▶ likelihoods of the labels, calibrated     plain ─▶ the model's text
dspy ─▶ a DSPy module with its adapter, instructions and demonstrations
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import dspy
import numpy as np

from dspex.errors import DspexError
from dspex.signature import Signature, ValuesError, decode_inputs, decode_outputs, encode_outputs
from dspex.signature.dspy_bridge import (
    from_dspy_outputs,
    to_dspy_inputs,
    to_dspy_outputs,
    to_dspy_signature,
)
from dspex_pool.attempt_context import AttemptContext
from dspex_pool.dspy_setup import make_adapter
from dspex_pool.errors import classify
from dspex_pool.models import AttemptLM
from dspex_pool.modules.kind import ModuleSpec
from dspex_pool.modules.table import find_kind
from dspex_pool.optimize.calibrate import Scores, among_labels, lifted, means_of, pick, weighed
from dspex_pool.optimize.completion_server import CompletionServer
from dspex_pool.optimize.fit import applied_by_folds
from dspex_pool.optimize.intervals import is_hopeless
from dspex_pool.optimize.metrics import Judge
from dspex_pool.optimize.prompts import Label, completion, fill, label_in, labels_of
from dspex_pool.optimize.splits import Example

"""Wire form of an implementation, `{kind, name, …}`."""
Candidate = Mapping[str, Any]

"""Model calls at once: what a small local server answers well."""
AT_ONCE: Final = 4
"""Examples after which a choice may be given up."""
FIRST_LOOK: Final = 32
SAID_DIGITS: Final = 4
"""An answer that is none: wrong, and no reason to end the run."""
WRONG: Final = frozenset({"output_parse_error", "output_invalid", "context_window_exceeded"})
MODULES: Final = ("Predict", "ChainOfThought")
"""What optimisers make of them."""
COMPILED: Final = (*MODULES, "KNNFewShot", "Ensemble")

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Measured:
    scores: tuple[float, ...]
    """Stopped early: it could not have been the best any more."""
    pruned: bool
    """Answers that were none."""
    unanswered: int
    """Of a choice: mean negative logarithm of how likely it found what was wanted. It tells two choices apart
    that are right equally often.
    """
    loss: float | None = None
    """Of a choice: what it said of each example's labels, not calibrated."""
    said: tuple[Scores, ...] | None = None

    @property
    def measures(self) -> dict[str, list[float]] | None:
        """As a trial keeps it: the labels of the first example, of the second, …"""
        if self.said is None:
            return None
        return {"said": [round(score, SAID_DIGITS) for one in self.said for score in one]}

    @property
    def mean(self) -> float:
        return sum(self.scores) / len(self.scores) if self.scores else 0.0


class Evaluator:
    def __init__(
        self,
        signature: Signature,
        attempt: AttemptContext,
        lm: Callable[[Candidate], AttemptLM],
        server: CompletionServer | None,
        told: Callable[[int, int], None],
        judge: Judge,
        function: Callable[[str], Callable[..., Any]] | None = None,
    ) -> None:
        """`told` of the tokens of each call of `server`; `function` of the users' modules by its name."""
        self.signature = signature
        self._attempt = attempt
        self._lm = lm
        self._server = server
        self._told = told
        self._judge = judge
        self._function = function

    def measure(
        self,
        candidate: Candidate,
        examples: Sequence[Example],
        *,
        own_calibration: bool = False,
        needed: float | None = None,
    ) -> Measured:
        """`own_calibration`: a choice with what the candidate carries, as it would run; else with what fits
        the other folds of the examples. `needed`: a mean below which it need not go on.
        @raises DspexError for what ends the run: budget, cancellation, a model that is not there.
        """
        if candidate["kind"] == "choice":
            # A look at some of them tells what is hopeless.
            if needed is not None and len(examples) > FIRST_LOOK:
                looked = self._choices(candidate, examples[:FIRST_LOOK], own_calibration)
                if is_hopeless(looked.scores, needed):
                    return dataclasses.replace(looked, pruned=True)
            return self._choices(candidate, examples, own_calibration)
        run = self._program(candidate)
        scores, unanswered = [], 0
        for at in range(0, len(examples), AT_ONCE * 2):
            batch = examples[at : at + AT_ONCE * 2]
            answers = self._together(run, batch)
            unanswered += sum(one is None for one in answers)
            scores += [self._score(example, one) for example, one in zip(batch, answers, strict=True)]
            left = len(examples) - len(scores)
            if needed is not None and left > 0 and is_hopeless(scores, needed):
                return Measured(tuple(scores), pruned=True, unanswered=unanswered)
        return Measured(tuple(scores), pruned=False, unanswered=unanswered)

    def module(self, candidate: Candidate) -> dspy.Module:
        return build_module(self.signature, candidate, self._function)

    def check(self) -> None:
        """@raises DspexError when nobody wants the answer any more."""
        self._attempt.check()

    def lm(self, candidate: Candidate) -> AttemptLM:
        return self._lm(candidate)

    def context(self, candidate: Candidate) -> Any:
        """What the module runs in."""
        return dspy.context(lm=self._lm(candidate), adapter=make_adapter(candidate.get("adapter")), trace=[])

    def score(self, example: Example, prediction: Any) -> float:
        """Of what a DSPy module answered."""
        try:
            wire = encode_outputs(self.signature, from_dspy_outputs(self.signature, prediction))
        except ValuesError:
            return 0.0
        return self._judge.score(example.outputs, wire, example.inputs)

    def _score(self, example: Example, given: Mapping[str, Any] | None) -> float:
        return 0.0 if given is None else self._judge.score(example.outputs, given, example.inputs)

    def _choices(self, candidate: Candidate, examples: Sequence[Example], own: bool) -> Measured:
        labels = labels_of(self.signature)
        if labels is None or self._server is None:
            raise DspexError("lm_rejected", "the model's server tells no likelihoods, which a choice needs")
        server, ways = self._server, [candidate, *(candidate.get("more") or [])]
        weights = [float(way.get("weight", 1)) for way in ways]
        words = [way.get("words") or {} for way in ways]
        asked = [
            (way["prompt"], [said.get(label.text, label.text) for label in labels])
            for way, said in zip(ways, words, strict=True)
        ]

        def likelihoods(inputs: Mapping[str, Any]) -> Scores:
            each = [
                among_labels(server.score(completion(template, inputs), said, self._spend))
                for template, said in asked
            ]
            return weighed(each, weights)

        scored = self._together(likelihoods, [example.inputs for example in examples])
        output = self.signature.outputs[0].name
        wanted = [label_in(labels, example.outputs.get(output)) for example in examples]
        taken = self._as_carried(candidate, scored, likelihoods, labels) if own else _by_folds(scored, wanted)
        scores = [
            self._score(example, {output: labels[pick(one, None)].value})
            for example, one in zip(examples, taken, strict=True)
        ]
        losses = [-one[at] for one, at in zip(taken, wanted, strict=True)]
        loss = math.fsum(losses) / len(losses) if losses else None
        return Measured(tuple(scores), pruned=False, unanswered=0, loss=loss, said=tuple(scored))

    def _as_carried(
        self,
        candidate: Candidate,
        scored: Sequence[Scores],
        likelihoods: Callable[[Mapping[str, Any]], Scores],
        labels: Sequence[Label],
    ) -> list[Scores]:
        offsets = candidate.get("offsets")
        if offsets is not None:
            usual: Scores | None = tuple(float(offsets.get(label.text, 0)) for label in labels)
        else:
            usual = means_of(self._together(likelihoods, candidate.get("calibration") or []))
        return [lifted(one, usual) for one in scored]

    def _spend(self, input_tokens: int, output_tokens: int) -> None:
        if input_tokens or output_tokens:
            self._told(input_tokens, output_tokens)
        else:
            self._attempt.check()

    def _program(self, candidate: Candidate) -> Callable[[Example], Mapping[str, Any] | None]:
        if candidate["kind"] == "plain":
            lm = self._lm(candidate)
            output = self.signature.outputs[0].name

            def plain(example: Example) -> Mapping[str, Any]:
                text = text_said(lm, fill(candidate["prompt"], example.inputs))
                for stop in candidate.get("stop") or []:
                    text = text.split(stop, 1)[0]
                return {output: text.strip()}

            return lambda example: _answer(plain, example)
        module = self.module(candidate)
        signature = self.signature

        def predict(example: Example) -> Mapping[str, Any]:
            with self.context(candidate):
                arguments = to_dspy_inputs(signature, decode_inputs(signature, example.inputs))
                made: Mapping[str, Any] = encode_outputs(
                    signature, from_dspy_outputs(signature, module(**arguments))
                )
                return made

        return lambda example: _answer(predict, example)

    def _together(self, call: Callable[[T], R], values: Sequence[T]) -> list[R]:
        """In order, some at once; the first error ends all, once what runs has come back."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="optimize") as threads:
            # Each in a copy of this thread's context: whose attempt it is, and DSPy's settings.
            futures: list[Future[R]] = [threads.submit(copy_context().run, call, value) for value in values]
            try:
                return [future.result() for future in futures]
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise


def _by_folds(scored: Sequence[Scores], wanted: Sequence[int]) -> list[Scores]:
    if not scored:
        return []
    return [among_labels(one) for one in applied_by_folds(np.array(scored), wanted).tolist()]


def _answer(run: Callable[[Example], Mapping[str, Any]], example: Example) -> Mapping[str, Any] | None:
    """None for an answer that is none. @raises DspexError"""
    try:
        return run(example)
    except Exception as error:
        failure = classify(error)
        if failure.code in WRONG:
            return None
        raise failure from error


def text_said(lm: AttemptLM, prompt: str) -> str:
    """The answer of one call."""
    first = lm(prompt)[0]
    return str(first["text"] if isinstance(first, dict) else first)


def build_module(
    signature: Signature, candidate: Candidate, function: Callable[[str], Callable[..., Any]] | None = None
) -> dspy.Module:
    """@raises DspexError for a module that cannot be optimised, or demonstrations that do not fit."""
    name = candidate["module"]
    if name not in COMPILED:
        raise DspexError(
            "invalid_inputs", f'module "{name}" cannot be optimised: {" and ".join(MODULES)} can'
        )
    spec = ModuleSpec(
        signature=to_dspy_signature(signature),
        parameters=candidate.get("parameters") or {},
        tools=[],
        demos=[dspy_example(signature, demo) for demo in candidate.get("demos") or []],
        valid=lambda *_: 1.0,
        function=function or _no_function,
    )
    return find_kind(name).build(spec)


def dspy_example(signature: Signature, demo: Mapping[str, Any] | Example) -> dspy.Example:
    inputs, outputs = (
        (demo.inputs, demo.outputs) if isinstance(demo, Example) else (demo["inputs"], demo["outputs"])
    )
    given = to_dspy_inputs(signature, decode_inputs(signature, inputs))
    made = to_dspy_outputs(signature, decode_outputs(signature, outputs))
    return dspy.Example(**given, **made).with_inputs(*given)


def _no_function(name: str) -> Callable[..., Any]:
    raise DspexError("module_not_found", f'no function "{name}" in an optimisation')
