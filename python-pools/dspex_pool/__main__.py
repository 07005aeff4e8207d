"""`python -m dspex_pool --pool general --worker 1 --slots 8`: starts one worker process."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from types import FrameType

import uvloop

from dspex_pool.config import model_keys, read_config
from dspex_pool.dspy_setup import configure_dspy
from dspex_pool.entries import load_entries
from dspex_pool.logs import configure_logs
from dspex_pool.main import serve
from dspex_pool.models import ModelRegistry
from dspex_pool.redact import Redactor
from dspex_pool.spare import wait_for_name
from dspex_pool.supervisor_pipe import SupervisorPipe
from dspex_pool.tracing import Tracing


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler's signature)
    """Before there is a loop nothing is held."""
    sys.exit(0)


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    config = read_config(sys.argv[1:])
    keys = model_keys(config.models)
    redact = Redactor([*keys.values(), config.nats.password])
    configure_logs(
        config.log_level, redact, pool=config.pool, worker="spare" if config.spare else config.worker
    )
    configure_dspy()
    models = ModelRegistry(config.models, keys)
    entries = load_entries(config.modules)
    # What is imported stays: the collector need not look through it again and again, for 100 ms at a time.
    gc.collect()
    gc.freeze()
    pipe = SupervisorPipe(config.supervisor_fd)
    if config.spare:
        pipe.warm()
        taken = wait_for_name(config)
        if taken is None:
            return
        config = taken
    configure_logs(
        config.log_level, redact, pool=config.pool, worker=config.worker, incarnation=config.incarnation
    )
    tracing = Tracing(config.otlp_endpoint, config.pool, config.worker, config.incarnation)
    uvloop.run(serve(config, entries, models, tracing, pipe, redact))
    tracing.close()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # Threads that users' code never gave back must not keep the process alive.
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
