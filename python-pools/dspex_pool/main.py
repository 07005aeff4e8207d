"""One worker's life: connect, follow, take work, until told to drain."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from dspex.attempt_variables import provide_variables
from dspex.calls import provide_caller
from dspex.warm_state import provide_warm
from dspex_pool.announce import announce
from dspex_pool.answer import Place
from dspex_pool.attempt_context import attempt_variables
from dspex_pool.attempts import Attempts
from dspex_pool.beat import beat
from dspex_pool.blocking import Blocking
from dspex_pool.builtin_entries import builtin_entries
from dspex_pool.bus import Bus
from dspex_pool.claim_check import ClaimCheck
from dspex_pool.config import PoolConfig
from dspex_pool.control import listen_to_control
from dspex_pool.dspy_spans import DspySpans
from dspex_pool.entries import Entries
from dspex_pool.follower import ProgramFollower
from dspex_pool.loop_executor import LoopExecutor
from dspex_pool.models import ModelRegistry
from dspex_pool.optimize.entries import OPTIMIZER_POOL, optimize_entries
from dspex_pool.outcome import OutcomeWriter
from dspex_pool.prepare import Preparer
from dspex_pool.program_calls import ProgramCalls
from dspex_pool.publisher import Publisher
from dspex_pool.reader import Reader
from dspex_pool.redact import Redactor
from dspex_pool.runner import Runner
from dspex_pool.slots import Slots
from dspex_pool.stop_signals import StopSignals
from dspex_pool.supervisor_pipe import SupervisorPipe
from dspex_pool.tools import Tools
from dspex_pool.tracing import Tracing
from dspex_pool.warm_states import WarmStates
from dspex_pool.worker import Worker

"""Threads for DSPy's own hops; each model call makes several."""
LOOP_THREADS: Final = 32
FLUSH_S: Final = 2

logger = logging.getLogger("dspex.main")


async def serve(
    config: PoolConfig,
    entries: Entries,
    models: ModelRegistry,
    tracing: Tracing,
    pipe: SupervisorPipe,
    redact: Redactor,
) -> None:
    """Returns when everything that was taken is answered."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(LoopExecutor(LOOP_THREADS, thread_name_prefix="loop"))
    stop = StopSignals(watch_stdin=config.supervisor_fd is not None)
    pipe.on_gone(stop.drain)

    # 1 the bus and what stands on it
    bus = Bus(config.nats, f"pool-{config.source}")
    await bus.open()
    publisher, reader = Publisher(bus), Reader(bus)
    await publisher.open()
    await reader.open()
    follower = ProgramFollower(bus, reader, config.pool, config.worker)

    # 2 what runs an attempt
    place = Place(config.pool, config.worker)
    slots = Slots(config.slots, lambda: pipe.recycle("every slot's thread is stuck"))
    blocking, spans = Blocking(slots), DspySpans(tracing.tracer, models.described)
    claim_check = ClaimCheck(publisher, reader)
    calls = ProgramCalls(bus, config.pool, follower, claim_check, spans)
    provide_caller(calls)
    provide_variables(attempt_variables)
    own = (
        optimize_entries(config, models, follower, publisher, reader, blocking, calls)
        if config.pool == OPTIMIZER_POOL
        else {}
    )
    preparer = Preparer(follower, entries, builtin_entries(config), Tools(calls, blocking), blocking, own)
    runner = Runner(preparer, models, claim_check, spans if tracing.enabled else None)
    outcomes = OutcomeWriter(publisher, reader, place, redact)
    warm = WarmStates()
    provide_warm(warm)
    attempts = Attempts(publisher, reader, runner, outcomes, models, tracing, slots, warm)
    worker = Worker(bus, publisher, attempts, pipe, slots, place)
    slots.on_free(worker.refill)

    # 3 serve
    async with asyncio.TaskGroup() as background:
        follower.open()
        await listen_to_control(bus, config.pool, config.worker, worker, stop.drain)
        await worker.open()
        tasks = [
            background.create_task(
                beat(bus, config, slots, lambda: worker.draining, lambda: follower.position), name="beat"
            ),
            background.create_task(announce(bus, config.pool, entries), name="announce"),
        ]
        pipe.ready(entries.names)
        logger.info("ready: %d slots, %d modules", config.slots, len(entries.names))

        # 4 until told to end
        await stop.asked.wait()
        logger.info("draining")
        await follower.close()
        draining = asyncio.create_task(worker.drain(), name="drain")
        now = asyncio.create_task(stop.now.wait(), name="stop-now")
        await asyncio.wait({draining, now}, return_when=asyncio.FIRST_COMPLETED)
        if not draining.done():
            await worker.give_back()
        for task in (*tasks, draining, now):
            task.cancel()
    with contextlib.suppress(Exception):
        await bus.flush(FLUSH_S)
    await bus.close()
    await models.close()
    pipe.flush()
    logger.info("ended")
