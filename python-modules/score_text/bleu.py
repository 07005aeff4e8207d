"""BLEU of a sentence, 0 to 100, as sacrebleu 2.6 has it: tokenizer 13a, smoothing exp, effective order."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any, Final

from .ngrams import ngrams, shared

MAX_ORDER: Final = 4
_APART: Final = (
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES: Final = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def sentence_bleu(prediction: str, references: list[str]) -> float:
    given = _tokens(prediction)
    wanted = [_tokens(reference) for reference in references]
    logs, smooth = [], 1.0
    matched = False
    for n in range(1, min(MAX_ORDER, len(given)) + 1):
        most: Counter[Any] = Counter()
        for tokens in wanted:
            most |= ngrams(tokens, n)
        grams = ngrams(given, n)
        hits = shared(grams, most)
        matched = matched or hits > 0
        if hits == 0:
            smooth *= 2
        logs.append(math.log(100 * hits / grams.total() if hits else 100 / (smooth * grams.total())))
    if not matched:
        return 0.0
    nearest = min((len(tokens) for tokens in wanted), key=lambda size: (abs(size - len(given)), size))
    penalty = 1.0 if len(given) >= nearest else math.exp(1 - nearest / len(given))
    return penalty * math.exp(sum(logs) / len(logs))


def _tokens(text: str) -> list[str]:
    line = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in _ENTITIES:
        line = line.replace(entity, character)
    line = f" {line} "
    for pattern, spaced in _APART:
        line = pattern.sub(spaced, line)
    return line.split()
