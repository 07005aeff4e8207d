"""Whole optimisations on a fake model: what they find, what they say, and what a killed one goes on with."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from dspy.clients.provider import Provider

from dspex.errors import DspexError
from dspex.signature import parse_signature
from dspex_pool import embeddings
from dspex_pool.models import AttemptLM
from dspex_pool.optimize.candidates import build_module
from dspex_pool.optimize.search import worth_of
from dspex_pool.optimize.space import blend_of
from tests.optimize.fake_label_server import rows
from tests.optimize.kit import PREDICT, Killed, bench

ILL_TYPED = {"inputs": {"text": 5}, "outputs": {"label": "positive"}}


async def test_search_finds_what_raw_answers_hide() -> None:
    with bench() as on:
        report = await on.run()
        assert report["improved"] is True
        assert report["optimizer"] == "search"
        assert report["base"]["mean"] < 0.7 < 0.95 < report["best"]["mean"]
        assert report["base"]["low"] < report["base"]["mean"] < report["base"]["high"]
        artifact = json.loads(on.artifacts.stored[0])
        first = artifact["declaration"]["implementations"][0]
        assert (first["kind"], first["name"]) == ("choice", "optimized")
        assert artifact["parent"] == on.definition["version"]
        assert [one["name"] for one in artifact["declaration"]["implementations"][1:]] == ["predict"]
        assert on.attempt.usage.total().input_tokens > 0


async def test_the_best_prompts_are_asked_together_at_the_end() -> None:
    with bench() as on:
        report = await on.run(trials=22)
        stored = on.trials.stored()
        candidates = [one for one in stored if one.step == "candidate"]
        kept = [one for one in candidates if one.measures and not one.pruned]
        assert all(len(one.measures["said"]) == 2 * len(one.scores) for one in kept)
        assert all(one.objectives for one in kept), "how sure it was is stored beside the score"
        assert worth_of(max(kept, key=worth_of)) >= report["best"]["mean"] - 1


def test_a_blend_is_a_choice_with_more_prompts() -> None:
    one = {"kind": "choice", "name": "optimized", "prompt": "a {{text}}", "words": {"x": "y"}}
    blended = blend_of([one, {"kind": "choice", "prompt": "b {{text}}"}], [2.0, 0.5], {"x": 0.1})
    assert (blended["prompt"], blended["weight"], blended["words"]) == ("a {{text}}", 2.0, {"x": "y"})
    assert blended["more"] == [{"prompt": "b {{text}}", "weight": 0.5}]
    assert blended["offsets"] == {"x": 0.1}
    assert "more" not in blend_of([one], [1.5], {"x": 0.1})


async def test_a_model_that_cannot_be_improved_is_told_so() -> None:
    with bench(logprobs=False) as on:
        report = await on.run(trials=3, optimizer="labeled")
        assert report["improved"] is False
        assert report["verdict"].startswith("not improved")
        assert "artifact" not in report
        assert on.artifacts.stored == []


@pytest.mark.parametrize("optimizer", ["labeled", "bootstrap", "random-search", "mipro", "copro", "gepa"])
async def test_each_of_dspys_optimisers_runs(optimizer: str) -> None:
    with bench(logprobs=False) as on:
        report = await on.run(trials=2, optimizer=optimizer, rows=rows(40))
        assert report["optimizer"] == optimizer
        assert report["trials"] >= 1
        trials = [one for one in on.trials.stored() if one.step == "candidate"]
        assert all(one.candidate["kind"] == "dspy" for one in trials), trials


async def test_knn_shows_the_nearest_of_the_examples() -> None:
    with bench(logprobs=False) as on:
        report = await on.run(optimizer="knn", embeddings="own_metrics:letters", rows=rows(40))
        assert (report["optimizer"], report["trials"]) == ("knn", 3)
        trials = [one for one in on.trials.stored() if one.step == "candidate"]
        assert [one.candidate["parameters"]["k"] for one in trials] == [4, 2, 8]
        assert {one.candidate["module"] for one in trials} == {"KNNFewShot"}
        assert {one.failure for one in trials} == {None}


async def test_an_ensemble_is_of_the_best_that_were_compiled() -> None:
    with bench(logprobs=False) as on:
        await on.run(optimizer="ensemble", trials=5, rows=rows(40))
        trials = [one for one in on.trials.stored() if one.step == "candidate"]
        assert [one.candidate["module"] for one in trials] == [*["Predict"] * 3, *["Ensemble"] * 2]
        together = trials[3]
        scores = {one.trial: one.score for one in trials[:3]}
        assert sorted(together.params["of"]) == sorted(scores)
        members = together.candidate["parameters"]["members"]
        demos = together.candidate.get("demos", [])
        for number, member in zip(together.params["of"], members, strict=True):
            alone = next(one for one in trials if one.trial == number).candidate
            assert [demos[at] for at in member["demos"]] == alone.get("demos", [])
        assert {one.failure for one in trials} == {None}


class Trains(Provider):  # type: ignore[misc]  # dspy has no types
    """Whatever it is given to learn, it calls it `…-trained`."""

    seen: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        self.finetunable = True

    @staticmethod
    def finetune(job: Any, model: str, train_data: Any, *_: Any, **__: Any) -> str:
        Trains.seen.append(train_data)
        return f"{model}-trained"

    @staticmethod
    def kill(*_: Any) -> None:
        pass


async def test_a_model_is_trained_where_its_provider_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AttemptLM, "infer_provider", lambda _: Trains())
    with bench(logprobs=False) as on:
        report = await on.run(optimizer="finetune", rows=rows(40))
        [trained] = [one for one in on.trials.stored() if one.step == "candidate"]
        assert trained.candidate["model"].endswith("-trained")
        assert len(Trains.seen[0]) > 0
        assert (report["trials"], trained.failure) == (1, None)


async def test_auto_goes_by_the_model_and_the_size_of_the_data() -> None:
    for count, chosen in ((16, "labeled"), (60, "bootstrap")):
        with bench(logprobs=False) as on:
            assert (await on.run(trials=1, rows=rows(count)))["optimizer"] == chosen


async def test_a_killed_run_goes_on_at_the_trial_where_it_was() -> None:
    with bench() as on:
        whole = await on.run(rows=rows(40), trials=4)
        events = on.trials.stored()
    for killed_at in (0, len(events) // 2, len(events) - 1):
        with bench() as on:

            def kill(trial: Any, killed_at: int = killed_at) -> None:
                if trial.trial == killed_at:
                    raise Killed

            on.trials.after = kill
            with pytest.raises(Killed):
                await on.run(rows=rows(40), trials=4)
            done = len(on.trials.events)
            asked = on.fake.completions + on.fake.chats
            on.trials.after = lambda _: None
            again = await on.run(rows=rows(40), trials=4)
            assert done == killed_at + 1
            resumed = on.trials.stored()
            assert [one.params for one in resumed] == [one.params for one in events]
            assert [one.scores for one in resumed] == [one.scores for one in events]
            for member in ("improved", "best", "base", "difference", "dataHash"):
                assert again[member] == whole[member]
            if killed_at == len(events) - 1:
                assert on.fake.completions + on.fake.chats == asked, "nothing is paid for twice"


async def test_the_budget_ends_the_search_and_what_was_found_counts() -> None:
    with bench() as on:
        report = await on.run(trials=40, rows=rows(40), budget={"calls": 600})
        assert "of 600 calls are spent" in report["budgetEnded"]
        assert report["trials"] < 40
        assert report["cost"]["calls"] <= 600
        assert report["improved"] is True


async def test_a_cancelled_run_asks_no_more() -> None:
    with bench() as on:

        def cancel(trial: Any) -> None:
            if trial.trial == 1:
                on.attempt.over = "cancelled"

        on.trials.after = cancel
        with pytest.raises(DspexError) as raised:
            await on.run()
        assert raised.value.code == "cancelled"
        assert len(on.trials.events) == 2


async def test_a_metric_of_the_users_own_that_throws_now_and_then_is_counted() -> None:
    with bench() as on:
        report = await on.run(trials=2, metric="own_metrics:fails_on_seven")
        assert report["metricFailures"] > 0
        assert "seven is not to my taste" in report["metricFailure"]


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"metric": "own_metrics:always_fails"}, "invalid_inputs", "the metric failed on all"),
        ({"metric": "own_metrics:none"}, "module_not_found", "cannot be loaded"),
        ({"metric": "none_such:none"}, "module_not_found", "none_such"),
        ({"metric": "semantic"}, "invalid_inputs", "no local embedding package is configured"),
        ({"metric": "best"}, "invalid_inputs", 'no metric "best"'),
        ({"optimizer": "knn"}, "invalid_inputs", "no local embedding package is configured"),
        ({"metric": "os:system"}, "module_not_found", "in no modules folder"),
        ({"optimizer": "finetune"}, "invalid_inputs", "trains no models"),
        ({"rows": []}, "invalid_inputs", "not one example"),
        ({"rows": rows(6)}, "invalid_inputs", "too few examples"),
        (
            {"rows": [ILL_TYPED, *rows(60)]},
            "invalid_inputs",
            "example 1 ",
        ),
        ({"implementation": "none"}, "invalid_inputs", 'no implementation "none"'),
        ({"trials": 0}, "invalid_inputs", "trials"),
        ({"surprise": 1}, "invalid_inputs", "surprise"),
        ({"run": "r2"}, "not_allowed", "local.o.r1 is not run r2"),
    ],
)
async def test_what_does_not_fit_is_said_before_anything_is_spent(
    changes: dict[str, Any], code: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "PACKAGES", ())
    with bench() as on:
        with pytest.raises(DspexError, match=said) as raised:
            await on.run(**changes)
        assert raised.value.code == code
        if changes.get("metric") != "own_metrics:always_fails":
            assert on.fake.completions + on.fake.chats == 0


async def test_semantic_takes_the_vectors_of_a_users_function() -> None:
    with bench() as on:
        report = await on.run(trials=1, metric="semantic", embeddings="own_metrics:letters")
        assert 0 < report["base"]["mean"] < 1


async def test_a_judge_is_a_model() -> None:
    with bench() as on, pytest.raises(DspexError, match="said no number"):
        await on.run(trials=1, metric="llm-judge")


async def test_an_implementation_that_is_a_choice_may_be_the_base() -> None:
    choice = {"kind": "choice", "name": "likely", "prompt": "{{text}} It is"}
    with bench("text: str -> label: Literal['positive', 'negative']", choice, PREDICT) as on:
        report = await on.run(trials=2, implementation="likely")
        assert report["base"]["implementation"] == "likely"


@pytest.mark.parametrize("module", ["Predict", "ChainOfThought"])
def test_instructions_of_an_optimiser_take_the_place_of_the_signatures(module: str) -> None:
    signature = parse_signature('"Name the mood." text: str -> label: str')
    candidate = {"kind": "dspy", "module": module, "parameters": {"instructions": "Say how it feels."}}
    predictor = build_module(signature, candidate).predictors()[0]
    assert predictor.signature.instructions == "Say how it feels."
    with pytest.raises(DspexError, match='no parameter "instruction"'):
        build_module(signature, {**candidate, "parameters": {"instruction": "misspelt"}})
    plain = build_module(signature, {"kind": "dspy", "module": module}).predictors()[0]
    assert "Name the mood." in plain.signature.instructions
