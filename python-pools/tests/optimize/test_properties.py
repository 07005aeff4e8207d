"""What holds for all data: splits do not leak, artifacts come back as they were, the search is repeatable."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dspex.errors import DspexError
from dspex.messages import ProgramDefinition
from dspex.signature import parse_signature
from dspex_pool.optimize.artifact import artifact_bytes, digest_of
from dspex_pool.optimize.blend import blend
from dspex_pool.optimize.calibrate import among_labels, means_of, pick, weighed
from dspex_pool.optimize.fit import applied_by_folds, fitted, losses_of
from dspex_pool.optimize.forks import forks_of
from dspex_pool.optimize.intervals import difference_of, interval_of, is_hopeless
from dspex_pool.optimize.job import Row
from dspex_pool.optimize.prompts import Markup, completion, fill, gap_after, has_place, template_of, title
from dspex_pool.optimize.space import candidate_of, space_of
from dspex_pool.optimize.splits import split_rows
from dspex_pool.optimize.steps import Trial
from dspex_pool.optimize.suggest import suggest
from tests.optimize.fake_label_server import rows
from tests.optimize.kit import PREDICT, SIGNATURE
from tests.pool.log_kit import program

TEXTS = st.lists(st.text(max_size=12), min_size=30, max_size=120)


def as_rows(texts: list[str], part: Any = None) -> list[Row]:
    return [Row(inputs={"text": text}, outputs={"label": len(text)}, split=part) for text in texts]


def split_or_too_few(given_rows: list[Row]) -> Any:
    try:
        return split_rows(given_rows, 1_000)
    except DspexError:
        return None


@given(TEXTS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_no_input_is_in_two_parts_and_the_order_of_the_file_does_not_matter(
    texts: list[str], chance: random.Random
) -> None:
    given_rows = as_rows(texts)
    splits = split_or_too_few(given_rows)
    assume(splits is not None)
    parts = [splits.train, splits.validation, splits.test]
    keys = [one.key for part in parts for one in part]
    assert len(keys) == len(set(keys)) == len(set(texts))
    assert splits.duplicates == len(texts) - len(set(texts))
    shuffled = list(given_rows)
    chance.shuffle(shuffled)
    assert split_rows(shuffled, 1_000) == splits
    # One example more moves no other one.
    more = split_rows([*given_rows, *as_rows(["a text that is longer than all others"])], 1_000)
    for before, after in zip(parts, [more.train, more.validation, more.test], strict=True):
        assert {one.key for one in before} <= {one.key for one in after}


@given(TEXTS)
@settings(max_examples=30, deadline=None)
def test_what_the_file_marks_as_held_out_is_the_test_and_nothing_else(texts: list[str]) -> None:
    distinct = sorted(set(texts))
    half = len(distinct) // 2
    marked = [*as_rows(distinct[:half], "train"), *as_rows(distinct[half:], "heldout")]
    splits = split_or_too_few(marked)
    assume(splits is not None)
    assert {one.inputs["text"] for one in splits.test} == set(distinct[half:])
    assert {one.inputs["text"] for one in (*splits.train, *splits.validation)} == set(distinct[:half])


def test_one_input_in_two_marked_parts_is_refused_with_its_line() -> None:
    leaking = [*as_rows(["a"], "train"), *as_rows(["b"], "train"), *as_rows(["a"], "heldout")]
    with pytest.raises(DspexError, match=r"example 3 .* would leak"):
        split_rows(leaking, 10)


def test_one_input_with_two_answers_is_refused() -> None:
    with pytest.raises(DspexError, match="other outputs"):
        split_rows([*as_rows(["a"]), Row(inputs={"text": "a"}, outputs={"label": 9})], 10)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6), st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_an_artifact_comes_back_as_it_was_under_the_same_hash(texts: list[str], prompt: str) -> None:
    definition = msgspec.convert(program("sentiment", SIGNATURE, PREDICT), ProgramDefinition)
    candidate = {
        "name": "optimized",
        "kind": "choice",
        "prompt": prompt,
        "calibration": [{"text": text} for text in texts],
        "offsets": {"positive": 0.5, "negative": -0.5},
        "words": {"positive": "good"},
    }
    data = artifact_bytes(definition, candidate, {"run": "r", "seed": 1})
    read = json.loads(data)
    assert read["declaration"]["implementations"][0] == candidate
    again = artifact_bytes(definition, read["declaration"]["implementations"][0], {"seed": 1, "run": "r"})
    assert digest_of(again) == digest_of(data)
    # The compiled program is one that a pool can read.
    msgspec.convert({**read["declaration"], "version": "v"}, ProgramDefinition)


@given(st.integers(0, 1_000), st.lists(st.floats(0, 1), min_size=0, max_size=14), st.integers(0, 14))
@settings(max_examples=15, deadline=None)
def test_the_next_trial_is_the_same_after_a_crash(seed: int, scores: list[float], crash: int) -> None:
    space = space_of(parse_signature(SIGNATURE), likelihoods=True, max_demos=8)

    def go_on(tried: list[Any]) -> list[Any]:
        for score in scores[len(tried) :]:
            tried.append((suggest(space, seed, tried), score))
        return tried

    whole = go_on([])
    stored = [
        Trial(run="r", trial=n, step="candidate", params=params, score=score, scores=[score], spent={})
        for n, (params, score) in enumerate(whole[:crash])
    ]
    read = msgspec.json.decode(msgspec.json.encode(stored), type=list[Trial])
    assert go_on([(one.params, one.score) for one in read]) == whole


def test_a_candidate_is_made_again_from_its_parameters_alone() -> None:
    signature = parse_signature(SIGNATURE)
    space = space_of(signature, likelihoods=True, max_demos=8)
    train = split_rows([msgspec.convert(row, Row) for row in rows(60)], 10).train
    tried: list[Any] = []
    for _ in range(12):
        params = suggest(space, 3, tried)
        made, shown = candidate_of(params, "sentiment", signature, train, {})
        again, _ = candidate_of(json.loads(json.dumps(params)), "sentiment", signature, train, {})
        assert made == again
        assert len(shown) == params["demos"]
        if made["kind"] == "choice":
            assert "{{text}}" in made["prompt"]
        tried.append((params, 0.5))
    assert len({json.dumps(params, sort_keys=True) for params, _ in tried}) == 12, "none is tried twice"


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=2, max_size=5))
def test_forks_tell_all_labels_apart(labels: list[list[int]]) -> None:
    forks = forks_of(labels, 99)
    if len({tuple(label) for label in labels}) < len(labels):
        assert forks is None
        return
    assert forks is not None
    ways = [
        tuple(n for n, (_, behind) in enumerate(fork.ways) if index in behind)
        for index in range(len(labels))
        for fork in forks
    ]
    assert len(ways) == len(labels) * len(forks)
    sides = {
        index: tuple(next((token for token, behind in fork.ways if index in behind), None) for fork in forks)
        for index in range(len(labels))
    }
    assert len(set(sides.values())) == len(labels)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60))
def test_an_interval_holds_its_mean(scores: list[float]) -> None:
    interval = interval_of(scores)
    assert 0 <= interval.low <= interval.mean + 1e-12
    assert interval.mean - 1e-12 <= interval.high <= 1
    same = difference_of(scores, scores)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_wilson_is_as_published() -> None:
    interval = interval_of([1.0] * 82 + [0.0] * 18)
    assert (round(interval.low, 3), round(interval.high, 3)) == (0.733, 0.883)


def test_calibration_takes_off_what_a_model_leans_to() -> None:
    leaning = [among_labels(one) for one in ((-0.1, -4.0), (-0.1, -2.0), (-0.2, -4.2), (-0.1, -1.8))]
    assert [pick(one, None) for one in leaning] == [0, 0, 0, 0]
    assert [pick(one, means_of(leaning)) for one in leaning] == [0, 1, 0, 1]


def test_labelled_examples_tell_where_the_border_lies() -> None:
    rng = random.Random(5)
    # One label of three in four: the mean of what is said is no border.
    wanted = [int(n % 4 == 0) for n in range(200)]
    said = noisy(rng, wanted, 1.5, 4.0) * 0.3
    fit = fitted(said, wanted)
    applied = fit.applied(said)
    assert fit.scale > 0
    assert sum(fit.offsets) == pytest.approx(0)
    assert float((applied.argmax(axis=1) == wanted).mean()) > 0.9
    louder = said * 2 + np.array([0.0, 5.0])
    assert fitted(louder, wanted).applied(louder).argmax(axis=1) == pytest.approx(applied.argmax(axis=1))
    unseen = applied_by_folds(said, wanted)
    assert float((unseen.argmax(axis=1) == wanted).mean()) > 0.85
    assert losses_of(unseen, wanted).mean() >= losses_of(applied, wanted).mean()


@given(
    st.integers(2, 5).flatmap(
        lambda labels: st.lists(
            st.tuples(
                st.lists(st.floats(-30, 0), min_size=labels, max_size=labels), st.integers(0, labels - 1)
            ),
            min_size=1,
            max_size=30,
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_is_fitted(told: list[tuple[list[float], int]]) -> None:
    said, wanted = np.array([one for one, _ in told]), [right for _, right in told]
    fit = fitted(said, wanted)
    assert fit.scale > 0
    assert np.isfinite(fit.offsets).all()
    mean = losses_of(fit.applied(said), wanted).mean()
    assert mean <= math.log(said.shape[1]) + 0.01, "hardly worse than saying nothing"
    assert np.isfinite(applied_by_folds(said, wanted)).all()


def test_what_several_prompts_say_counts_by_their_weights() -> None:
    sure, unsure = among_labels((-0.1, -4.0)), among_labels((-1.0, -0.5))
    assert pick(weighed([sure, unsure], [1, 1]), None) == 0
    assert pick(weighed([sure, unsure], [0.1, 3]), None) == 1
    assert weighed([sure], [1]) == pytest.approx(sure)


def test_a_conversation_is_written_as_the_server_does() -> None:
    markup = Markup("<s><u>", "</u><a>", "</a><u>")
    fields = parse_signature("text: str -> mood: str").inputs
    told = template_of("turns", fields, (None, "Mood"), "", [({"text": "x"}, "good")], markup)
    assert told == "<s><u>Text: x\nMood:</u><a>Mood: good</a><u>Text: {{text}}\nMood:</u><a>Mood:"

    begun = template_of("begun", fields, (None, "Mood"), "Which mood?", [({"text": "x"}, "good")], markup)
    assert begun == (
        '<s><u>Text: x\n\nWhich mood? Answer in JSON with mood.</u><a>{"mood": "good"}</a>'
        '<u>Text: {{text}}\n\nWhich mood? Answer in JSON with mood.</u><a>{"mood": "'
    )


def noisy(rng: Any, wanted: list[int], strength: float, leaning: float) -> Any:
    """Log-probabilities of a choice that leans, and hears so much of what is right."""
    lifts = [strength * (1 if one == 0 else -1) + rng.gauss(0, 1) + leaning for one in wanted]
    return np.array([among_labels((lift, 0.0)) for lift in lifts])


def test_choices_that_err_elsewhere_are_asked_together() -> None:
    rng = random.Random(7)
    wanted = [n % 2 for n in range(160)]
    choices = [noisy(rng, wanted, 1.0, 3.0), noisy(rng, wanted, 1.0, -2.0), noisy(rng, wanted, 0.0, 1.0)]
    seen = [[True] * len(wanted)] * len(choices)
    made = blend(choices, seen, wanted, 3)
    assert made.of[2] == 2
    assert made.weights[2] < 0.1 * min(made.weights[:2]), "the one that knows nothing hardly counts"
    assert blend(choices, seen, wanted, 3) == made
    assert blend(choices, seen, wanted, 2).of == made.of[:2]
    right = []
    for count in (1, 2):
        of = blend(choices, seen, wanted, count)
        together = sum(weight * choices[at] for at, weight in zip(of.of, of.weights, strict=True))
        right.append(float(((together - np.array(of.offsets)).argmax(axis=1) == wanted).mean()))
    assert right[1] > right[0] + 0.03


def test_a_choice_is_not_judged_by_its_own_demonstrations() -> None:
    rng = random.Random(3)
    wanted = [n % 2 for n in range(120)]
    knowing, other = noisy(rng, wanted, 1.0, 0.0), noisy(rng, wanted, 1.0, 0.0)
    shown = [n >= 20 for n in range(120)]
    knowing[:20] = 0.0
    made = blend([knowing, other], [shown, [True] * 120], wanted, 2)
    assert sorted(made.of) == [0, 1]
    assert blend([knowing[20:]], [[True] * 100], wanted[20:], 1) == blend([knowing], [shown], wanted, 1)


def test_what_cannot_be_the_best_is_given_up_early() -> None:
    assert not is_hopeless([0.0] * 15, 0.9)
    assert is_hopeless([0.0, 1.0] * 8, 0.9)
    assert not is_hopeless([1.0] * 14 + [0.0] * 2, 0.9)


def test_prompts_are_filled_as_the_native_calls_fill_them() -> None:
    assert fill("{{ a }}/{{b}}/{{none}}/{no}", {"a": "x", "b": [1, {"c": None}]}) == 'x/[1,{"c":null}]//{no}'
    assert completion("Text: {{a}}\nMood: ", {"a": "x"}) == "Text: x\nMood:"
    assert [gap_after(text) for text in ("", "a:", "a\n", 'a "', "(")] == ["", " ", "", "", ""]
    assert [title(name) for name in ("sameText", "same_text", "own-name")] == [
        "Same text",
        "Same text",
        "Own name",
    ]


@pytest.mark.parametrize(
    ("text", "is_place"),
    [
        ("{{ text }}", True),
        ("{{text|upcase}}", True),
        ("{{ rows[0] }}", True),
        ("{{- text -}}", True),
        ("{ text }", False),
        ("{{ 1 }} {{}}", False),
        ("{% if text %}", False),
    ],
)
def test_what_a_prompt_would_be_refused_for_is_never_a_demonstration(text: str, is_place: bool) -> None:
    assert has_place(text) == is_place
