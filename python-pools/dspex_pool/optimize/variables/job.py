"""What a search for better values is asked to do, checked before anything is spent."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from dspex.errors import DspexError
from dspex.messages import VariableDefinition
from dspex_pool.optimize.job import Budget, Row

Measure = Literal["quality", "latencyMs", "tokens", "costUsd"]

"""As in `services/variables/optimize/command.ts`."""
DEFAULT_TRIALS: Final = 24
DEFAULT_TEST_ROWS: Final = 100
DEFAULT_TRIAL_ROWS: Final = 64
DEFAULT_CONCURRENCY: Final = 4


class Job(msgspec.Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    run: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
    program: str
    version: str
    rows: list[Row]
    definitions: list[VariableDefinition]
    """Values in force when the run began."""
    base: dict[str, Any]
    objectives: list[Measure]
    metric: Annotated[str, Meta(min_length=1, max_length=256)] = "exact"
    """For `llm-judge`; function that makes vectors, for `semantic`."""
    judge_model: str | None = None
    embeddings: str | None = None
    seed: Annotated[int, Meta(ge=0, le=4_294_967_295)] = 0
    trials: Annotated[int, Meta(gt=0, le=1_000)] = DEFAULT_TRIALS
    test_rows: Annotated[int, Meta(gt=0, le=1_000)] = DEFAULT_TEST_ROWS
    trial_rows: Annotated[int, Meta(gt=0, le=1_000)] = DEFAULT_TRIAL_ROWS
    concurrency: Annotated[int, Meta(gt=0, le=64)] = DEFAULT_CONCURRENCY
    budget: Budget = Budget()
    """Only compares what is in force with `base`."""
    check: bool = False


def read_job(value: Any) -> Job:
    """@raises DspexError `invalid_inputs` with what does not fit."""
    try:
        job = msgspec.convert(value, Job)
    except msgspec.ValidationError as error:
        raise DspexError("invalid_inputs", f"optimisation: {error}", path="job") from None
    if not job.rows:
        raise DspexError("invalid_inputs", "there is no data: not one example", path="rows")
    if not job.definitions or not job.objectives:
        raise DspexError(
            "invalid_inputs", "optimisation: nothing to search, or nothing to measure", path="job"
        )
    return job
