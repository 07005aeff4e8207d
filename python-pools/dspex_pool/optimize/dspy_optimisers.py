"""DSPy's own optimisers, each trial one compile; what it compiled becomes a candidate.

labeled · bootstrap · random-search · knn ─▶ many short compiles, one a trial
ensemble ─▶ compiles of bootstrap, then the best of them together
finetune ─▶ one training, where the model's provider trains
mipro · copro · gepa ─▶ one long compile; one that was interrupted begins again
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import dspy
from dspy.teleprompt import COPRO, GEPA, BootstrapFewShot, BootstrapFinetune, LabeledFewShot, MIPROv2
from dspy.teleprompt.random_search import BootstrapFewShotWithRandomSearch

from dspex.errors import DspexError
from dspex.signature import Signature, encode_outputs
from dspex.signature.dspy_bridge import dspy_names, from_dspy_outputs, to_dspy_signature
from dspex_pool.models import AttemptLM
from dspex_pool.optimize.candidates import AT_ONCE, Candidate, Evaluator, dspy_example
from dspex_pool.optimize.job import Job
from dspex_pool.optimize.space import OPTIMIZED
from dspex_pool.optimize.splits import Example, Splits

"""An answer of at least this score may be a demonstration."""
GOOD: Final = 0.8
ONE_COMPILE: Final = frozenset({"mipro", "copro", "gepa", "finetune"})
"""Programs that answer together, in the last trials of an ensemble."""
ENSEMBLES: Final = (3, 5)
KNN_COUNTS: Final = (4, 2, 8)
MAX_TRIALS: Final = {"knn": len(KNN_COUNTS), "ensemble": 10}
LABELED_COUNTS: Final = (4, 2, 8, 16)
"""(bootstrapped, labelled) demonstrations at most."""
BOOTSTRAP_COUNTS: Final = ((4, 4), (2, 0), (4, 8), (8, 8))
"""Seeds of random search before this are DSPy's fixed candidates: none, labels alone, unshuffled."""
FIRST_SEED: Final = -3
MAX_TRAIN: Final = 200
KEY: Final = "dspex_key"


class DspyOptimiser:
    def __init__(
        self, name: str, job: Job, base: Candidate, evaluator: Evaluator, splits: Splits, judge: AttemptLM
    ) -> None:
        """`judge` proposes and reflects."""
        self._name = name
        self._job = job
        self._base = {key: value for key, value in base.items() if key not in ("demos", "parameters", "name")}
        self._evaluator = evaluator
        self._signature: Signature = evaluator.signature
        self._lm = judge
        self._train = splits.train[:MAX_TRAIN]
        self._validation = splits.validation or splits.train
        self._examples = {one.key: one for one in (*splits.train, *splits.validation)}
        self._by_inputs = {_inputs_key(self._example(one)): one for one in self._examples.values()}
        """By number of the trial, with its score."""
        self._compiled_before: dict[int, tuple[float, Candidate]] = {}
        if name == "finetune":
            _check_trainable(evaluator.lm(self._base))

    @property
    def trials(self) -> int:
        if self._name in ONE_COMPILE:
            return 1
        return min(self._job.trials, MAX_TRIALS.get(self._name, self._job.trials))

    def compiled(self, trial: int, score: float, candidate: Candidate) -> None:
        """Told of each candidate, for those that follow from several."""
        self._compiled_before[trial] = (score, candidate)

    def params(self, number: int) -> dict[str, Any]:
        """What the trial of this number compiles with."""
        chance = self._job.seed + number
        match self._name:
            case "knn":
                return {"optimizer": "knn", "demos": KNN_COUNTS[number % len(KNN_COUNTS)], "seed": chance}
            case "ensemble":
                size = self._size_of(number)
                if size is not None:
                    best = sorted(
                        self._compiled_before, key=lambda one: (-self._compiled_before[one][0], one)
                    )
                    return {"optimizer": "ensemble", "of": best[:size]}
                made, labeled = BOOTSTRAP_COUNTS[number % len(BOOTSTRAP_COUNTS)]
                return {"optimizer": "bootstrap", "made": made, "labeled": labeled, "seed": chance}
            case "labeled":
                counts = LABELED_COUNTS[number % len(LABELED_COUNTS)]
                return {"optimizer": "labeled", "demos": counts, "seed": chance}
            case "bootstrap":
                made, labeled = BOOTSTRAP_COUNTS[number % len(BOOTSTRAP_COUNTS)]
                return {"optimizer": "bootstrap", "made": made, "labeled": labeled, "seed": chance}
            case "random-search":
                return {"optimizer": "random-search", "seed": FIRST_SEED + number}
            case _:
                return {"optimizer": self._name, "seed": chance}

    def compile(self, params: Mapping[str, Any]) -> Candidate:
        """Blocks. @raises DspexError, also what DSPy hid of it."""
        if params["optimizer"] == "ensemble":
            return self._together([self._compiled_before[one][1] for one in params["of"]])
        if params["optimizer"] == "knn":
            return self._nearest(params["demos"])
        student = self._evaluator.module(self._base)
        with self._evaluator.context(self._base), dspy.context(max_errors=1):
            compiled = self._compiled(student, params)
        return self._candidate(compiled)

    def _compiled(self, student: dspy.Module, params: Mapping[str, Any]) -> dspy.Module:
        shuffled = list(self._train)
        random.Random(params["seed"]).shuffle(shuffled)  # noqa: S311 (repeatable, not secret)
        train = [self._example(one) for one in shuffled]
        validation = [self._example(one) for one in self._validation]
        match params["optimizer"]:
            case "labeled":
                return LabeledFewShot(k=params["demos"]).compile(student, trainset=train, sample=False)
            case "bootstrap":
                bootstrap = BootstrapFewShot(
                    metric=self._metric,
                    metric_threshold=GOOD,
                    max_bootstrapped_demos=params["made"],
                    max_labeled_demos=params["labeled"],
                    max_errors=1,
                )
                return bootstrap.compile(student, trainset=train)
            case "random-search":
                searching = BootstrapFewShotWithRandomSearch(
                    metric=self._metric,
                    metric_threshold=GOOD,
                    max_labeled_demos=8,
                    num_candidate_programs=self._job.trials,
                    num_threads=AT_ONCE,
                    max_errors=1,
                )
                # Its candidates one by one. It measures each on a set of its own choosing: one example, for
                # the whole validation follows, where all candidates are measured alike.
                return searching.compile(
                    student,
                    trainset=[self._example(one) for one in self._train],
                    valset=validation[:1],
                    restrict=[params["seed"]],
                )
            case "finetune":
                student.set_lm(self._evaluator.lm(self._base))
                # DSPy writes what a model learns from in this format alone.
                adapter = dspy.ChatAdapter()
                finetune = BootstrapFinetune(metric=self._metric, adapter=adapter, num_threads=AT_ONCE)
                return finetune.compile(student, trainset=train)
            case "copro":
                copro = COPRO(prompt_model=self._lm, metric=self._metric, breadth=4, depth=2)
                return copro.compile(
                    student,
                    trainset=validation,
                    eval_kwargs={"num_threads": AT_ONCE, "display_progress": False},
                )
            case "mipro":
                mipro = MIPROv2(
                    metric=self._metric,
                    prompt_model=self._lm,
                    auto=None,
                    num_candidates=4,
                    num_threads=AT_ONCE,
                    max_errors=1,
                    seed=params["seed"],
                )
                return mipro.compile(
                    student,
                    trainset=train,
                    valset=validation,
                    num_trials=min(self._job.trials, 12),
                    minibatch=False,
                )
            case "gepa":
                gepa = GEPA(
                    metric=self._feedback,
                    max_metric_calls=len(validation) * min(self._job.trials, 12),
                    reflection_lm=self._lm,
                    num_threads=AT_ONCE,
                    seed=params["seed"],
                )
                return gepa.compile(student, trainset=train, valset=validation)
            case other:
                raise DspexError("invalid_inputs", f'no optimizer "{other}"', path="optimizer")

    def _candidate(self, compiled: dspy.Module) -> Candidate:
        predictor = compiled.predictors()[0]
        candidate: dict[str, Any] = {"name": OPTIMIZED, **self._base}
        instructions = predictor.signature.instructions
        if instructions != to_dspy_signature(self._signature).instructions:
            candidate["parameters"] = {"instructions": instructions}
        demos = [demo for demo in map(self._demo, predictor.demos) if demo is not None]
        if demos:
            candidate["demos"] = demos
        if self._name == "finetune" and predictor.lm is not None:
            candidate |= {"model": predictor.lm.model, "adapter": "chat"}
        return candidate

    def _nearest(self, count: int) -> Candidate:
        """Nothing is asked: which demonstrations are near is known when a request comes."""
        return {
            "name": OPTIMIZED,
            **self._base,
            "module": "KNNFewShot",
            "parameters": {"module": self._base["module"], "k": count, "embeddings": self._job.embeddings},
            "demos": [{"inputs": one.inputs, "outputs": one.outputs} for one in self._train],
        }

    def _together(self, parts: Sequence[Candidate]) -> Candidate:
        demos: list[Any] = []
        members = []
        for part in parts:
            own = part.get("demos") or []
            demos += [demo for demo in own if demo not in demos]
            instructions = (part.get("parameters") or {}).get("instructions")
            told = {} if instructions is None else {"instructions": instructions}
            members.append({"demos": [demos.index(demo) for demo in own], **told})
        return {
            "name": OPTIMIZED,
            **self._base,
            "module": "Ensemble",
            "parameters": {"module": self._base["module"], "members": members},
            **({"demos": demos} if demos else {}),
        }

    def _size_of(self, number: int) -> int | None:
        """Of the ensemble that this trial is; None = it compiles one that may be part of it."""
        at = number - (self.trials - len(ENSEMBLES))
        return ENSEMBLES[at] if at >= 0 and number > 0 else None

    def _demo(self, demo: Mapping[str, Any]) -> dict[str, Any] | None:
        """None where DSPy made up inputs that are nobody's."""
        example = self._examples.get(str(demo.get(KEY))) or self._by_inputs.get(self._key_of(demo))
        if example is None:
            return None
        names = dspy_names(self._signature)
        made = {field.name: demo[names[field.name]] for field in self._signature.outputs}
        prediction = dspy.Prediction(**{names[name]: value for name, value in made.items()})
        outputs = encode_outputs(self._signature, from_dspy_outputs(self._signature, prediction))
        return {"inputs": example.inputs, "outputs": outputs}

    def _key_of(self, demo: Mapping[str, Any]) -> str:
        names = dspy_names(self._signature)
        return repr(
            [(name, demo.get(name)) for name in sorted(names[f.name] for f in self._signature.inputs)]
        )

    def _example(self, example: Example) -> dspy.Example:
        made = dspy_example(self._signature, example)
        return made.copy(**{KEY: example.key}).with_inputs(*made.inputs().keys())

    def _metric(self, example: dspy.Example, prediction: Any, trace: Any = None) -> float:  # noqa: ARG002
        return self._evaluator.score(self._examples[example[KEY]], prediction)

    def _feedback(self, gold: Any, prediction: Any, *_: Any, **__: Any) -> dspy.Prediction:
        score = self._metric(gold, prediction)
        wanted = self._examples[gold[KEY]].outputs
        said = "right" if score >= GOOD else f"wrong: expected {wanted}"
        return dspy.Prediction(score=score, feedback=f"The answer is {said}.")


def _check_trainable(lm: AttemptLM) -> None:
    """@raises DspexError where the model's provider trains none."""
    provider = getattr(lm, "provider", None)
    if getattr(provider, "finetunable", False):
        return
    raise DspexError(
        "invalid_inputs",
        f'optimizer finetune: the provider of model "{lm.model}" ({type(provider).__name__}) trains no '
        "models; BootstrapFinetune needs one that does, such as OpenAI's own API",
        path="optimizer",
    )


def _inputs_key(example: dspy.Example) -> str:
    inputs = example.inputs()
    return repr([(name, inputs[name]) for name in sorted(inputs.keys())])


def choose_optimizer(job: Job, train: Sequence[Example], *, own: bool) -> str:
    """`auto` by what the model and the data allow. `own`: the search has prompts of its own to try."""
    if job.optimizer != "auto":
        return job.optimizer
    if own:
        return "search"
    if len(train) < 10:
        return "labeled"
    return "bootstrap" if len(train) < 50 else "random-search"
