"""The entry `tune`, which the optimizer pool alone has: a job in, a report out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import dspy

from dspex.signature import Signature, signature_from_json
from dspex_pool.attempt_context import AttemptContext
from dspex_pool.blocking import Blocking
from dspex_pool.config import PoolConfig
from dspex_pool.follower import ProgramFollower
from dspex_pool.models import ModelRegistry
from dspex_pool.optimize.job import Budget
from dspex_pool.optimize.runs import JOB, REPORT, attempt_of, check_rows, judge_of, within_deadline
from dspex_pool.optimize.steps import TrialLog
from dspex_pool.optimize.trial_log import TrialWriter
from dspex_pool.optimize.variables.ask import Ask, Asker
from dspex_pool.optimize.variables.job import Job, read_job
from dspex_pool.program_calls import ProgramCalls
from dspex_pool.runnable import Runnable, Values

ENTRY: Final = "tune"


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
        job = read_job(values[JOB])
        attempt = attempt_of(job.run)
        definition = await self._follower.definition(job.program, job.version)
        check_rows(job.rows, signature_from_json(definition.signature), definition.name, "objective.data")
        log = await self._trials.open(job.run)
        ask = self._calls.measured(job.program, job.version)
        report = await self._blocking.run(self._search, job=job, ask=ask, attempt=attempt, log=log)
        return {REPORT: report}

    def _search(self, job: Job, ask: Ask, attempt: AttemptContext, log: TrialLog) -> dict[str, Any]:
        """In a thread of its own."""
        # Optuna takes a second and much memory, which a pool without runs need not give.
        from dspex_pool.optimize.variables.search import Search

        # A check is not part of what the search may spend: without it nobody would know.
        budget = within_deadline(Budget() if job.check else job.budget, attempt, log)
        asker = Asker(ask, self._calls.wait_for, attempt, budget, job.concurrency)
        judge = judge_of(self._config, self._models, job.metric, job.embeddings, job.judge_model)
        search = Search(job, asker, judge, log)
        return search.check() if job.check else search.run()


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
