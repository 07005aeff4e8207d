"""What a worker process is told by its command line and environment; the only place that reads either."""

from __future__ import annotations

import argparse
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from dspex.config import Models

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class NatsSettings:
    url: str
    user: str | None
    password: str | None

    @property
    def inbox_prefix(self) -> str:
        """Each role may listen on its own prefix alone."""
        return f"_INBOX_{self.user}" if self.user else "_INBOX"


@dataclass(frozen=True, slots=True)
class PoolConfig:
    pool: str
    """Slot number of this process in its pool; its consumers and events carry it as their name."""
    worker: str
    """This life of the process: a successor under the same name has another."""
    incarnation: str
    slots: int
    modules: tuple[Path, ...]
    """Folders where metrics of optimisations are looked for; what they register is no entry of the pool."""
    metrics: tuple[Path, ...]
    """Import everything, connect nothing, and wait to be given a name."""
    spare: bool
    nats: NatsSettings
    models: Models | None
    supervisor_fd: int | None
    """Base address of an OTLP/HTTP receiver; spans go to `<endpoint>/v1/traces`."""
    otlp_endpoint: str | None
    log_level: str

    @property
    def source(self) -> str:
        """`source` of the events that this process writes."""
        return f"{self.pool}/{self.worker}"

    def taking(self, worker: str, incarnation: str) -> PoolConfig:
        """The same process under the name of the one that it replaces."""
        return replace(self, worker=token(worker), incarnation=incarnation, spare=False)


def read_config(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> PoolConfig:
    given = _parser().parse_args(arguments)
    fd = environment.get("DSPEX_SUPERVISOR_FD")
    return PoolConfig(
        pool=given.pool,
        worker=given.worker,
        incarnation=given.incarnation or environment.get("DSPEX_INCARNATION") or secrets.token_hex(8),
        slots=given.slots,
        modules=tuple(given.modules),
        metrics=tuple(map(Path, filter(None, environment.get("DSPEX_METRICS", "").split(os.pathsep)))),
        spare=given.spare,
        nats=NatsSettings(
            url=environment.get("NATS_URL", "nats://127.0.0.1:4222"),
            user=environment.get("NATS_USER") or None,
            password=environment.get("NATS_PASSWORD") or None,
        ),
        models=_read_models(environment.get("DSPEX_MODELS")),
        supervisor_fd=None if not fd else int(fd),
        otlp_endpoint=environment.get("DSPEX_OTLP_ENDPOINT")
        or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        or None,
        log_level=environment.get("DSPEX_LOG_LEVEL", "info"),
    )


def _read_models(text: str | None) -> Models | None:
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Models)
    except msgspec.DecodeError as error:
        raise SystemExit(f"DSPEX_MODELS is no list of models: {error}") from error


def model_keys(models: Models | None, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Key of each model that has one, by the model's name; a variable that is not set gives none."""
    if models is None:
        return {}
    found = {name: environment.get(model.api_key_env or "") for name, model in models.models.items()}
    return {name: key for name, key in found.items() if key}


def token(value: str) -> str:
    if TOKEN.fullmatch(value) is None:
        raise argparse.ArgumentTypeError(f"{value[:80]!r} is not a token [A-Za-z0-9_-]{{1,64}}")
    return value


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {value}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dspex_pool", description="One worker process of a pool.")
    parser.add_argument("--pool", type=token, required=True, help="general, optimizer, neural or another")
    parser.add_argument("--worker", type=token, default="1", help="slot number of this process in the pool")
    parser.add_argument("--slots", type=_positive, default=8, help="attempts that run at once")
    parser.add_argument(
        "--modules", type=Path, action="append", default=[], metavar="DIR", help="folder of users' modules"
    )
    parser.add_argument("--spare", action="store_true", help="import all, then wait for a name on stdin")
    parser.add_argument("--incarnation", help="id of this process life; random if absent")
    return parser
