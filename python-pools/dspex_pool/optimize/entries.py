"""The entries that the optimizer pool alone has. `optimize`: a job in, a report out, the compiled program in
the artifact bucket. `tune`, which searches variables, is in `variables/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import dspy

from dspex.config import Model
from dspex.errors import DspexError
from dspex.messages import ProgramDefinition
from dspex.signature import Signature, signature_from_json
from dspex.subjects import ARTIFACT_BUCKET
from dspex_pool.answer import Place
from dspex_pool.attempt_context import AttemptContext
from dspex_pool.blocking import Blocking
from dspex_pool.claim_check import ClaimCheck
from dspex_pool.config import PoolConfig, model_keys
from dspex_pool.follower import ProgramFollower
from dspex_pool.models import AttemptLM, ModelRegistry
from dspex_pool.optimize.candidates import Candidate, Evaluator
from dspex_pool.optimize.completion_server import CompletionServer
from dspex_pool.optimize.job import Job, read_job
from dspex_pool.optimize.meter import Meter
from dspex_pool.optimize.prompts import labels_of
from dspex_pool.optimize.runs import JOB, REPORT, attempt_of, judge_of, within_deadline
from dspex_pool.optimize.steps import TrialLog
from dspex_pool.optimize.trial_log import TrialFold, TrialWriter
from dspex_pool.optimize.variables.entries import tune_entries
from dspex_pool.program_calls import ProgramCalls
from dspex_pool.publisher import Publisher
from dspex_pool.reader import Reader
from dspex_pool.runnable import Runnable, Values
from dspex_pool.user_functions import find_function

if TYPE_CHECKING:
    from dspex_pool.optimize.run import Ran

OPTIMIZER_POOL: Final = "optimizer"
ENTRY: Final = "optimize"
REFLECTION_TOKENS: Final = 1_024


def optimize_entries(
    config: PoolConfig,
    models: ModelRegistry,
    follower: ProgramFollower,
    publisher: Publisher,
    reader: Reader,
    blocking: Blocking,
    calls: ProgramCalls,
) -> Mapping[str, Callable[[Signature], Runnable]]:
    """Before the follower is opened: the trials that are in the log are among what it follows."""
    fold = TrialFold()
    follower.listen(fold)
    source = Place(config.pool, config.worker).source
    trials = TrialWriter(fold, follower, publisher, reader, source)
    artifacts = ClaimCheck(publisher, reader, ARTIFACT_BUCKET)
    runnable = OptimizeRunnable(config, models, follower, trials, artifacts, blocking)
    tuning = tune_entries(config, models, follower, trials, calls, blocking)
    return {ENTRY: lambda _: runnable, **tuning}


class OptimizeRunnable:
    users_code = False
    inline = False

    def __init__(
        self,
        config: PoolConfig,
        models: ModelRegistry,
        follower: ProgramFollower,
        trials: TrialWriter,
        artifacts: ClaimCheck,
        blocking: Blocking,
    ) -> None:
        self._config = config
        self._models = models
        self._follower = follower
        self._trials = trials
        self._artifacts = artifacts
        self._blocking = blocking

    def module(self) -> None:
        return None

    async def run(self, module: dspy.Module | None, values: Values) -> Values:  # noqa: ARG002
        job = read_job(values[JOB])
        attempt = attempt_of(job.run)
        definition = await self._follower.definition(job.program, job.version)
        log = await self._trials.open(job.run)
        ran = await self._blocking.run(
            self._optimise, job=job, definition=definition, attempt=attempt, log=log
        )
        report = ran.report
        if ran.artifact is not None:
            reference = await self._artifacts.store(ran.artifact, attempt.user)
            report = {**report, "artifact": reference["$ref"]}
        return {REPORT: report}

    def _optimise(
        self, job: Job, definition: ProgramDefinition, attempt: AttemptContext, log: TrialLog
    ) -> Ran:
        """In a thread of its own."""
        # DSPy's optimisers and optuna take a second and much memory, which a pool without runs need not give.
        from dspex_pool.optimize.run import Optimisation

        signature = signature_from_json(definition.signature)
        meter = Meter(self._models.price, within_deadline(job.budget, attempt, log), attempt.usage)
        attempt.usage = meter
        with dspy.context(usage_tracker=meter, track_usage=True):
            default = self._lm(job, {})
            thinker = job.judge_model or job.model
            judge = judge_of(self._config, self._models, job.metric, job.embeddings, thinker)
            reflector = self._named(thinker, 1.0, REFLECTION_TOKENS)
            server = self._server(job.model) if labels_of(signature) is not None else None
            try:
                evaluator = Evaluator(
                    signature,
                    attempt,
                    lambda candidate: self._lm(job, candidate),
                    server,
                    lambda given, made: meter.add_call(default.model, given, made),
                    judge,
                    lambda name: find_function(name, self._config.metrics, "function"),
                )
                return Optimisation(
                    job,
                    definition,
                    signature,
                    evaluator,
                    judge,
                    meter,
                    log,
                    reflector,
                    likelihoods=server is not None,
                    markup=None if server is None else server.markup(),
                ).run()
            finally:
                if server is not None:
                    server.close()

    def _lm(self, job: Job, candidate: Candidate) -> AttemptLM:
        name = candidate.get("model") or job.model
        models = self._config.models
        if job.optimizer == "finetune" and models is not None and name and name not in models.models:
            # Trained just now, by the server that has the model it was made from.
            base = self._named(job.model, candidate.get("temperature"), candidate.get("maxTokens"))
            trained: AttemptLM = base.copy(model=name)
            return trained
        return self._named(name, candidate.get("temperature"), candidate.get("maxTokens"))

    def _named(self, name: str | None, temperature: float | None, max_tokens: int | None) -> AttemptLM:
        lm = self._models.lm(name, temperature, max_tokens)
        if lm is None:
            raise DspexError("lm_rejected", "there are no models: nothing can be optimised")
        return lm

    def _server(self, name: str | None) -> CompletionServer | None:
        """None where the model's server tells no likelihoods as llama.cpp's does."""
        models = self._config.models
        if models is None:
            return None
        chosen = name or models.default
        model: Model | None = models.models.get(chosen)
        if model is None or model.base_url is None or not model.capabilities.logprobs:
            return None
        key = model_keys(models).get(chosen)
        server = CompletionServer(model.base_url, key, model.timeout_ms / 1_000)
        return server if server.has_endpoints() else None
