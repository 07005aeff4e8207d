"""chrF and chrF++ of a sentence, 0 to 100, as sacrebleu 2.6 has them: characters to order 6, beta 2."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from .ngrams import ngrams, shared

CHARACTER_ORDER: Final = 6
FACTOR: Final = 4
_PUNCTUATION: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def sentence_chrf(prediction: str, reference: str, word_order: int) -> float:
    precision = recall = 0.0
    orders = 0
    for one, other in zip(_grams(prediction, word_order), _grams(reference, word_order), strict=True):
        if one and other:
            common = shared(one, other)
            precision += common / one.total()
            recall += common / other.total()
            orders += 1
    if precision + recall == 0:
        return 0.0
    precision, recall = precision / orders, recall / orders
    return 100 * (1 + FACTOR) * precision * recall / (FACTOR * precision + recall)


def _grams(text: str, word_order: int) -> list[Counter[Any]]:
    words = text.split()
    characters = "".join(words)
    apart = [part for word in words for part in _apart(word)]
    return [ngrams(characters, n) for n in range(1, CHARACTER_ORDER + 1)] + [
        ngrams(apart, n) for n in range(1, word_order + 1)
    ]


def _apart(word: str) -> list[str]:
    """One mark at the end of a word, else one at its start, stands apart."""
    if len(word) == 1:
        return [word]
    if word[-1] in _PUNCTUATION:
        return [word[:-1], word[-1]]
    return [word[0], word[1:]] if word[0] in _PUNCTUATION else [word]
