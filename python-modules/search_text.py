"""The twin of the native program `search-text`: the same hits, for comparison of the two languages.

Okapi BM25 with Lucene's idf, k1 = 1.2, b = 0.75; words are runs of letters, marks and numbers, in NFKC and
case folded.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from typing import Any, Final

import regex  # type: ignore[import-untyped]

import dspex

K1: Final = 1.2
B: Final = 0.75
# Scripts that put no space between words give one word a character.
_UNSPACED: Final = "".join(
    rf"\p{{Script={script}}}" for script in ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
)
_WORDS: Final = regex.compile(
    rf"[{_UNSPACED}]\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+", regex.VERSION1
)


@dspex.program(
    "search-text",
    signature="""query: str(max_length=10000),
    documents: list[str](max_length=10000),
    k: int(ge=1, le=1000) = 10
    -> hits: list[{index: int "of the document", score: float}]""",
)
def search_text(query: str, documents: list[str], k: int) -> dict[str, Any]:
    """Finds the documents that a query's words are in, best first (BM25)."""
    counts = [Counter(words(document)) for document in documents]
    sizes = [one.total() for one in counts]
    mean = sum(sizes) / len(sizes) if sizes else 0.0
    among = Counter(word for one in counts for word in one)
    scores: dict[int, float] = {}
    for word in words(query):
        idf = math.log(1 + (len(documents) - among[word] + 0.5) / (among[word] + 0.5))
        for index, one in enumerate(counts):
            if count := one.get(word):
                norm = K1 * (1 - B + B * sizes[index] / mean)
                scores[index] = scores.get(index, 0.0) + idf * (count * (K1 + 1)) / (count + norm)
    best = sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:k]
    return {"hits": [{"index": index, "score": score} for index, score in best]}


def words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return list(_WORDS.findall(folded))
