"""The definitions that native metrics and texts are held against, and the twins of native programs.

Asked by lines of JSON: `{"function": …, "arguments": […]}` → `{"value": …}` or `{"error": …}`. Tests of the
TypeScript start it.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import random
import re
import sys
import time
import unicodedata
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python-pools"))
sys.path.append(str(ROOT / "python-modules"))

FUNCTIONS = {}


def reference(function):
    FUNCTIONS[function.__name__] = function
    return function


@reference
def answers(prediction, references):
    """dspy.evaluate"""
    from dspy.evaluate.metrics import EM, F1, HotPotF1, normalize_text

    return {
        "normalized": normalize_text(prediction),
        "em": EM(prediction, references),
        "f1": F1(prediction, references),
        "hotpot": HotPotF1(prediction, references),
    }


@reference
def outputs(wanted, given):
    """The metrics of dspex optimize."""
    from dspex_pool.optimize import metrics

    return [metric(wanted, given, {}) for metric in (metrics.exact, metrics.f1, metrics.contains)]


@reference
def interval(scores):
    from dspex_pool.optimize.intervals import interval_of

    return interval_of(scores).to_json()


@reference
def difference(better, worse):
    from dspex_pool.optimize.intervals import difference_of

    return difference_of(better, worse).to_json()


@reference
def chance(seed, count):
    drawn = random.Random(seed)
    return [drawn.random() for _ in range(count)]


@reference
def bleu(predictions, references, lowercase, effective):
    """A corpus; of one prediction it is the sentence's."""
    from sacrebleu.metrics import BLEU

    metric = BLEU(lowercase=lowercase, effective_order=effective)
    stats = [
        metric._extract_corpus_statistics([prediction], [[one] for one in texts])[0]
        for prediction, texts in zip(predictions, references, strict=True)
    ]
    score = metric._aggregate_and_compute(stats)
    return {
        "score": score.score,
        "precisions": score.precisions,
        "bp": score.bp,
        "lengths": [score.sys_len, score.ref_len],
    }


@reference
def chrf(predictions, references, word_order, lowercase):
    from sacrebleu.metrics import CHRF

    metric = CHRF(word_order=word_order, lowercase=lowercase)
    stats = [
        metric._extract_corpus_statistics([prediction], [[one] for one in texts])[0]
        for prediction, texts in zip(predictions, references, strict=True)
    ]
    return metric._aggregate_and_compute(stats).score


@reference
def edits(one, other):
    """By the table of Wagner and Fischer."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


@reference
def json_similarity(one, other):
    if isinstance(one, list) and isinstance(other, list):
        longer = max(len(one), len(other))
        return sum(map(json_similarity, one, other)) / longer if longer else 1.0
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        both = one.keys() & other.keys()
        return sum(json_similarity(one[key], other[key]) for key in both) / len(keys) if keys else 1.0
    if isinstance(one, str) and isinstance(other, str):
        longer = max(len(one), len(other))
        return 1 - edits(one, other) / longer if longer else 1.0
    numbers = [value for value in (one, other) if type(value) in (int, float)]
    if len(numbers) == 2:
        size = abs(one) + abs(other)
        return 1 - abs(one - other) / size if size else 1.0
    return float(type(one) is type(other) and one == other)


@reference
def classification(truth, predicted, zero_division):
    from sklearn import metrics

    def averages(kind):
        return metrics.precision_recall_fscore_support(
            truth, predicted, average=kind, zero_division=zero_division
        )

    labels = sorted({*truth, *predicted})
    return {
        "labels": labels,
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced": metrics.balanced_accuracy_score(truth, predicted),
        "classes": [list(map(float, one)) for one in zip(*averages(None), strict=True)],
        "averages": [[float(one) for one in averages(kind)[:3]] for kind in ("macro", "micro", "weighted")],
        "kappa": metrics.cohen_kappa_score(truth, predicted),
        "mcc": metrics.matthews_corrcoef(truth, predicted),
        "matrix": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
    }


@reference
def ndcg(gains, scores, k):
    from sklearn.metrics import ndcg_score

    return ndcg_score([gains], [scores], k=k)


@reference
def ranking(relevant, scores):
    from sklearn.metrics import average_precision_score, label_ranking_average_precision_score

    first = max((score, at) for at, score in enumerate(scores) if relevant[at])[1]
    only_first = [int(at == first) for at in range(len(scores))]
    return {
        "averagePrecision": average_precision_score(relevant, scores),
        "reciprocalRank": label_ranking_average_precision_score([only_first], [scores]),
    }


@reference
def calibration(outcomes, probabilities, bins):
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss, log_loss

    share, mean = calibration_curve(outcomes, probabilities, n_bins=bins)
    return {
        "brier": brier_score_loss(outcomes, probabilities, pos_label=1),
        "logLoss": log_loss(outcomes, probabilities, labels=[0, 1]),
        "share": share.tolist(),
        "mean": mean.tolist(),
    }


@reference
def multiclass_calibration(truth, probabilities):
    from sklearn.metrics import brier_score_loss, log_loss

    labels = list(range(len(probabilities[0])))
    return {
        "brier": brier_score_loss(truth, probabilities, labels=labels, scale_by_half=False),
        "logLoss": log_loss(truth, probabilities, labels=labels),
    }


@reference
def unicode_table():
    """Of every assigned code point what Python makes of it, and which ones are of words, and spaces."""
    points = [
        chr(point)
        for point in range(sys.maxunicode + 1)
        if not 0xD800 <= point < 0xE000 and unicodedata.category(chr(point)) != "Cn"
    ]
    return {
        "points": "".join(points),
        "lower": [point.lower() for point in points],
        "folded": [point.casefold() for point in points],
        "decomposed": [unicodedata.normalize("NFD", point) for point in points],
        "compatible": [unicodedata.normalize("NFKC", point) for point in points],
        "words": "".join(point for point in points if re.fullmatch(r"\w", point)),
        "spaces": "".join(point for point in points if point.isspace()),
    }


@reference
def schema_paths(value, schema):
    from jsonschema_reference import schema_paths

    return schema_paths(value, schema)


@reference
def checked_outputs(validators, inputs, outputs):
    """A pool's word on the outputs of a program with these validators."""
    import msgspec

    from dspex.errors import DspexError
    from dspex.messages import Validator
    from dspex.validators import check_outputs

    try:
        return check_outputs(msgspec.convert(validators, list[Validator]), inputs, outputs)
    except DspexError as error:
        return {"code": error.code, "message": error.message, "path": error.path, "details": error.details}


@reference
def token_counts(text, encoding):
    """tiktoken's, whose files the twin of chunk-text finds."""
    from dspex.validators.tokens import token_count

    return token_count(text, encoding)


@reference
def twin(module, name, inputs):
    """What a native program's twin answers, called as a pool calls it."""
    return _declared(module, name).target(**inputs)


@reference
def twin_signature(module, name):
    from dspex.signature import format_signature

    return format_signature(_declared(module, name).signature)


@reference
def timed(name, arguments, seconds):
    """CPU of one call in microseconds, of a function that is asked with different arguments in turn."""
    function = {"f1": _f1, "bleu": _bleu, "chrf": _chrf, "report": _report}.get(name) or FUNCTIONS[name]
    function(*arguments[0])
    calls, start = 0, time.thread_time()
    while (spent := time.thread_time() - start) < seconds:
        function(*arguments[calls % len(arguments)])
        calls += 1
    return 1e6 * spent / calls


def _f1(prediction, wanted):
    from dspy.evaluate.metrics import F1

    return F1(prediction, wanted)


def _bleu(prediction, wanted):
    from sacrebleu.metrics import BLEU
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    # It remembers lines that it has seen: new ones are what a metric meets.
    Tokenizer13a.__call__.cache_clear()
    TokenizerRegexp.__call__.cache_clear()
    return BLEU(effective_order=True).sentence_score(prediction, wanted).score


def _chrf(prediction, wanted):
    from sacrebleu.metrics import CHRF

    return CHRF().sentence_score(prediction, wanted).score


def _report(truth, predicted):
    from sklearn.metrics import classification_report

    return classification_report(truth, predicted, output_dict=True)


def _declared(module, name):
    from dspex.decorators import registry

    importlib.import_module(module)
    return registry.programs[name]


def _plain(value):
    """NaN is no JSON."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value


def main():
    warnings.simplefilter("ignore")
    # Packages print, and only answers may be read.
    answers_to, sys.stdout = sys.stdout, io.StringIO()
    sys.stderr = sys.stdout
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"value": _plain(FUNCTIONS[asked["function"]](*asked["arguments"]))}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers_to.write(json.dumps(answer) + "\n")
        answers_to.flush()


if __name__ == "__main__":
    main()
