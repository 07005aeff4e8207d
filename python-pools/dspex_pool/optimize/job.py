"""What an optimisation is asked to do, checked before anything is spent."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from dspex.errors import DspexError
from dspex_pool.embeddings import installed_package, no_embeddings

Optimizer = Literal[
    "auto",
    "search",
    "labeled",
    "bootstrap",
    "random-search",
    "mipro",
    "copro",
    "gepa",
    "knn",
    "ensemble",
    "finetune",
]
Split = Literal["train", "validation", "test", "heldout"]

DEFAULT_TRIALS: Final = 32
DEFAULT_TEST_ROWS: Final = 100


class Row(msgspec.Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    split: Split | None = None


class Budget(msgspec.Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What may be spent in all; absent = no limit but the request's deadline."""

    calls: Annotated[int, Meta(gt=0)] | None = None
    tokens: Annotated[int, Meta(gt=0)] | None = None
    usd: Annotated[float, Meta(gt=0)] | None = None
    time_ms: Annotated[int, Meta(gt=0)] | None = None


class Job(msgspec.Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    run: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
    program: str
    version: str
    rows: list[Row]
    """Implementation that the result is compared with; absent = the first DSPy one, else DSPy's zero-shot
    prompt.
    """
    implementation: str | None = None
    optimizer: Optimizer = "auto"
    metric: Annotated[str, Meta(min_length=1, max_length=256)] = "exact"
    """Model that judges (`llm-judge`) or reflects (`gepa`); absent = the default model."""
    judge_model: str | None = None
    """Package or `module:fn` that makes vectors of texts, for the metric `semantic` and the optimizer `knn`;
    absent = the package that is installed.
    """
    embeddings: str | None = None
    model: str | None = None
    seed: Annotated[int, Meta(ge=0, le=4_294_967_295)] = 0
    trials: Annotated[int, Meta(gt=0, le=1_000)] = DEFAULT_TRIALS
    test_rows: Annotated[int, Meta(gt=0, le=10_000)] = DEFAULT_TEST_ROWS
    budget: Budget = Budget()


def read_job(value: Any) -> Job:
    """@raises DspexError `invalid_inputs` with the path of what does not fit."""
    try:
        job = msgspec.convert(value, Job)
    except msgspec.ValidationError as error:
        raise DspexError("invalid_inputs", f"optimisation: {error}", path="job") from None
    if not job.rows:
        raise DspexError("invalid_inputs", "there is no data: not one example", path="rows")
    if job.optimizer == "knn" and job.embeddings is None:
        named = installed_package()
        if named is None:
            raise no_embeddings("optimizer knn")
        return msgspec.structs.replace(job, embeddings=named)
    return job
