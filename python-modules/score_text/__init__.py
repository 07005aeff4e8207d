"""The twin of the native program `score-text`: the same scores, for comparison of the two languages.

Answers are compared by dspy.evaluate; ROUGE, BLEU and chrF are written after rouge-score and sacrebleu, which
production does not have (tests compare with them).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dspy.evaluate.metrics import em_score, f1_score

import dspex

from .bleu import sentence_bleu
from .chrf import sentence_chrf
from .edits import edit_similarity
from .rouge import rouge

BY_REFERENCE: Final[dict[str, Callable[[str, str], float]]] = {
    "exact-match": lambda prediction, reference: float(prediction == reference),
    "normalized-exact-match": lambda prediction, reference: float(em_score(prediction, reference)),
    "rouge1": lambda prediction, reference: rouge("rouge1", prediction, reference),
    "rouge2": lambda prediction, reference: rouge("rouge2", prediction, reference),
    "rougeL": lambda prediction, reference: rouge("rougeL", prediction, reference),
    "rougeLsum": lambda prediction, reference: rouge("rougeLsum", prediction, reference),
    "chrf": lambda prediction, reference: sentence_chrf(prediction, reference, word_order=0) / 100,
    "chrf++": lambda prediction, reference: sentence_chrf(prediction, reference, word_order=2) / 100,
    "edit-similarity": edit_similarity,
    "token-f1": lambda prediction, reference: float(f1_score(prediction, reference)),
}


@dspex.program(
    "score-text",
    signature="""prediction: str(max_length=10000),
    references: list[str(max_length=10000)](min_length=1, max_length=20) "the best one counts",
    metric: Literal["exact-match", "normalized-exact-match", "token-f1", "rouge1", "rouge2", "rougeL",
      "rougeLsum", "bleu", "chrf", "chrf++", "edit-similarity"] = "token-f1"
    -> score: float(ge=0, le=1)""",
)
def score_text(prediction: str, references: list[str], metric: str) -> dict[str, Any]:
    """Compares a text with references: exact match, F1, ROUGE, BLEU, chrF, edit distance."""
    if metric == "bleu":
        # The n-grams of all references count together.
        score = sentence_bleu(prediction, references) / 100
    else:
        score = max(BY_REFERENCE[metric](prediction, reference) for reference in references)
    return {"score": min(1.0, score)}
