"""The entry `tune`, which the optimizer pool alone has: a job in, a report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import dspy
import msgspec

from dspex.errors import DspexError
from dspex.messages import ProgramDefinition
from dspex.signature import Signature, ValuesError, decode_inputs, decode_outputs, signature_from_json
from dspex_pool.attempt_context import AttemptContext, running_attempt
from dspex_pool.blocking import Blocking
from dspex_pool.config import PoolConfig
from dspex_pool.errors import classify
from dspex_pool.follower import ProgramFollower
from dspex_pool.models import ModelRegistry
from dspex_pool.optimize.candidates import text_said
from dspex_pool.optimize.job import Budget
from dspex_pool.optimize.metrics import Judge, make_metric
from dspex_pool.optimize.steps import TrialLog
from dspex_pool.optimize.trial_log import TrialWriter
from dspex_pool.optimize.variables.ask import Ask, Asker
from dspex_pool.optimize.variables.job import Job, read_job
from dspex_pool.program_calls import ProgramCalls
from dspex_pool.runnable import Runnable, Values

ENTRY: Final = "tune"
JOB: Final = "job"
REPORT: Final = "report"
"""Share of the time to the deadline that a run may use: its answer has to be stored as well."""
TIME_SHARE: Final = 0.95
JUDGE_TOKENS: Final = 16


class TuneRunnable:
    users_code = False
    inline = False

    def __init__(
        self,
        config: PoolConfig,
        models: ModelRegistry,
        follower: ProgramFollower,
        trials: TrialWriter,
        calls: ProgramCalls,
        blocking: Blocking,
    ) -> None:
        self._config = config
        self._models = models
        self._follower = follower
        self._trials = trials
        self._calls = calls
        self._blocking = blocking

    def module(self) -> None:
        return None

    async def run(self, module: dspy.Module | None, values: Values) -> Values:  # noqa: ARG002
        attempt = running_attempt()
        if attempt is None:
            raise DspexError("internal", "a search runs as an attempt")
        job = read_job(values[JOB])
        if attempt.request_id != f"{attempt.user}.o.{job.run}":
            # Trials are stored under the run's name: nobody writes into another one's.
            raise DspexError("not_allowed", f"request {attempt.request_id} is not run {job.run}", path="run")
        definition = await self._follower.definition(job.program, job.version)
        check_rows(job, definition)
        log = await self._trials.open(job.run)
        ask = self._calls.measured(job.program, job.version)
        report = await self._blocking.run(self._search, job=job, ask=ask, attempt=attempt, log=log)
        return {REPORT: report}

    def _search(self, job: Job, ask: Ask, attempt: AttemptContext, log: TrialLog) -> dict[str, Any]:
        """In a thread of its own."""
        # Optuna takes a second and much memory, which a pool without runs need not give.
        from dspex_pool.optimize.variables.search import Search

        # A check is not part of what the search may spend: without it nobody would know.
        budget = within_deadline(Budget() if job.check else job.budget, attempt)
        asker = Asker(ask, self._calls.wait_for, attempt, budget, job.concurrency)
        judge = Judge(make_metric(job.metric, self._config.metrics, job.embeddings, self._ask_judge(job)))
        search = Search(job, asker, judge, log)
        return search.check() if job.check else search.run()

    def _ask_judge(self, job: Job) -> Callable[[str], str]:
        def ask(prompt: str) -> str:
            lm = self._models.lm(job.judge_model, 0.0, JUDGE_TOKENS)
            if lm is None:
                raise DspexError("lm_rejected", "there are no models: nobody can judge", path="metric")
            try:
                return text_said(lm, prompt)
            except Exception as error:
                raise classify(error) from error

        return ask


def tune_entries(
    config: PoolConfig,
    models: ModelRegistry,
    follower: ProgramFollower,
    trials: TrialWriter,
    calls: ProgramCalls,
    blocking: Blocking,
) -> Mapping[str, Callable[[Signature], Runnable]]:
    runnable = TuneRunnable(config, models, follower, trials, calls, blocking)
    return {ENTRY: lambda _: runnable}


def within_deadline(budget: Budget, attempt: AttemptContext) -> Budget:
    """What is found in time counts; what is under way at the deadline is lost."""
    left_ms = max(1, int((attempt.ends_at - time.time()) * 1_000 * TIME_SHARE))
    wanted_ms = budget.time_ms
    return msgspec.structs.replace(budget, time_ms=left_ms if wanted_ms is None else min(left_ms, wanted_ms))


def check_rows(job: Job, definition: ProgramDefinition) -> None:
    """@raises DspexError naming the example that does not fit the program."""
    signature = signature_from_json(definition.signature)
    for number, row in enumerate(job.rows, start=1):
        try:
            decode_inputs(signature, row.inputs)
            decode_outputs(signature, row.outputs)
        except ValuesError as error:
            raise DspexError(
                "invalid_inputs",
                f"example {number} does not fit {definition.name}: {error}",
                path=f"objective.data[{number - 1}]",
            ) from error
