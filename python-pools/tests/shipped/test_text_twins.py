"""The twins of native programs are written by hand where production has no package: here they meet one."""

import json
import sys
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF

import dspex

ROOT = Path(__file__).resolve().parents[3]
ROUGE = ROOT / "services/native/modules/metrics/fixtures/rouge.json"
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
WORDS = (
    "the",
    "The",
    "a",
    "cat",
    "cats",
    "3.14",
    "1,000",
    "e-mail",
    "(hi)",
    "&amp;",
    "Straße",
    "日本語",
    "😀",
)
MARKS = (".", "-", "\n")
phrases = st.lists(st.sampled_from(WORDS + MARKS), max_size=12).map(" ".join)
texts = st.one_of(phrases, st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=30))


@pytest.fixture(scope="module", autouse=True)
def modules():
    sys.path.append(str(ROOT / "python-modules"))
    yield
    sys.path.remove(str(ROOT / "python-modules"))
    dspex.decorators.registry.clear()


@EXAMPLES
@given(texts, st.lists(texts, min_size=1, max_size=3))
def test_bleu_is_sacrebleus(prediction, references):
    from score_text.bleu import sentence_bleu

    wanted = BLEU(effective_order=True).sentence_score(prediction, references).score
    assert sentence_bleu(prediction, references) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@EXAMPLES
@given(texts, texts, st.sampled_from([0, 2]))
def test_chrf_is_sacrebleus(prediction, reference, word_order):
    from score_text.chrf import sentence_chrf

    wanted = CHRF(word_order=word_order).sentence_score(prediction, [reference]).score
    assert sentence_chrf(prediction, reference, word_order) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_rouge_is_rouge_scores():
    from score_text.rouge import rouge

    cases = json.loads(ROUGE.read_text(encoding="utf-8"))["cases"]
    for case in cases:
        for kind in ("rouge1", "rouge2", "rougeL", "rougeLsum"):
            found = max(rouge(kind, case["prediction"], reference) for reference in case["references"])
            assert found == pytest.approx(case["plain"][kind][2], abs=1e-12), case
    assert len(cases) > 200


@EXAMPLES
@given(texts, texts)
def test_edit_distance_is_that_of_the_table(one, other):
    from score_text.edits import edit_distance

    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    assert edit_distance(one, other) == row[-1]


@pytest.mark.parametrize("metric", ["exact-match", "token-f1", "rougeL", "bleu", "chrf++", "edit-similarity"])
def test_scores_are_from_0_to_1(metric):
    from score_text import score_text

    assert score_text("the cat sat on a mat", ["no", "the cat sat on a mat"], metric) == {
        "score": pytest.approx(1)
    }
    assert score_text("", ["wanted"], metric) == {"score": 0}


@EXAMPLES
@given(texts, st.sampled_from(["sentences", "paragraphs", "tokens"]), st.integers(4, 20), st.integers(0, 3))
def test_chunks_put_the_text_together_again(text, by, size, overlap):
    from chunk_text import chunk_text

    end = 0
    for chunk in chunk_text(text, by, size, overlap, "cl100k_base")["chunks"]:
        assert chunk["text"] == text[chunk["start"] : chunk["end"]]
        assert chunk["start"] <= end < chunk["end"]
        assert chunk["tokens"] <= size
        end = chunk["end"]
    assert end == len(text)


def test_the_encodings_are_those_of_the_package_that_dspy_brings():
    from dspex.validators.tokens import token_count

    assert token_count("How many tokens is this?", "o200k_base") == 6
    assert isinstance(tiktoken.get_encoding("cl100k_base"), tiktoken.Encoding)


def test_sentences_by_the_rules():
    from chunk_text.sentences import sentence_ends

    cases = {
        "One. Two.": ["One. ", "Two."],
        "It is 3.5 m. wide.": ["It is 3.5 m. wide."],
        'He said "no." Then he left!?': ['He said "no." ', "Then he left!?"],
        "U.S.A. is one.\r\nNext": ["U.S.A. is one.\r\n", "Next"],
        "e.g. this, (etc.) and that.": ["e.g. this, (etc.) and that."],
        "何だ。そうか": ["何だ。", "そうか"],
        "": [],
    }
    for text, wanted in cases.items():
        ends = sentence_ends(text)
        assert [text[start:end] for start, end in zip([0, *ends], ends, strict=False)] == wanted


def test_hits_are_in_order_and_equal_ones_by_their_place():
    from search_text import search_text

    hits = search_text("b", ["b a", "a b", "b b", "c"], 3)["hits"]
    assert [hit["index"] for hit in hits] == [2, 0, 1]
    assert hits[1]["score"] == hits[2]["score"]
    assert search_text("nothing", ["b"], 3) == {"hits": []}
    assert search_text("b", [], 3) == {"hits": []}
