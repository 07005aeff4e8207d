"""A real nats-server with the streams and consumers that a pool relies on, a user with a pool's permissions
and no more, and a keeper that makes followers on request.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

SERVER = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
SECOND_NS = 1_000_000_000
POOL = "general"
WORKERS = ("1", "2")

# A pool's row of the roles, as the broker turns it into subjects.
POOL_PUBLISH = [
    "dspex.result.*.*.*",
    "dspex.event.attempt.failed",
    "dspex.event.request.superseded",
    "$JS.API.DIRECT.GET.DSPEX.dspex.result.>",
    "$JS.API.DIRECT.GET.DSPEX.dspex.event.program.>",
    "dspex-setup.follow.pool-general.*",
    *(f"$JS.API.CONSUMER.MSG.NEXT.DSPEX.follow-pool-general-{n}" for n in WORKERS),
    *(f"$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-general-{n}" for n in ("any", *WORKERS)),
    *(f"$JS.ACK.DSPEX.work-general-{n}.>" for n in ("any", *WORKERS)),
    "dspex-chunk.*.*.*",
    "dspex-beat.general.*",
    "dspex-tool.general.call.*",
    "$JS.API.DIRECT.GET.OBJ_DSPEX_VALUE",
    "$JS.API.DIRECT.GET.OBJ_DSPEX_VALUE.>",
    "$O.DSPEX_VALUE.>",
    "dspex-pool.general.modules",
]
POOL_SUBSCRIBE = ["_INBOX_pool-general.>", "dspex-control.general.*"]
POOL_USER = {"user": "pool-general", "password": "pool-secret-1"}
ADMIN_USER = {"user": "admin", "password": "admin-secret-1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class NatsKit:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.admin: NatsClient = NatsClient()

    def reload(self, pool_password: str = POOL_USER["password"]) -> None:
        """Another login for the pool, while the server runs."""
        self._configure(pool_password)
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def _configure(self, pool_password: str) -> Path:
        pool_user = {"user": POOL_USER["user"], "password": pool_password}
        config = self._folder / "nats.conf"
        config.write_text(
            json.dumps(
                {
                    "listen": f"127.0.0.1:{self.port}",
                    "jetstream": {"store_dir": str(self._folder / "js")},
                    "authorization": {
                        "users": [
                            ADMIN_USER,
                            {
                                **pool_user,
                                "permissions": {"publish": POOL_PUBLISH, "subscribe": POOL_SUBSCRIBE},
                            },
                        ]
                    },
                }
            )
        )
        return config

    async def start(self, pool_password: str = POOL_USER["password"]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            str(SERVER),
            "-c",
            str(self._configure(pool_password)),
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def connect(self) -> None:
        self.admin = await nats.connect(
            self.url, **ADMIN_USER, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=_ignore
        )
        await self._until_jetstream()
        await self._create()
        await self.admin.subscribe("dspex-setup.follow.*.*", cb=self._follow)

    async def api(self, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = await self.admin.request(f"$JS.API.{subject}", json.dumps(body).encode(), timeout=20)
        answer: dict[str, Any] = json.loads(reply.data)
        if "error" in answer:
            raise AssertionError(f"{subject}: {answer['error']}")
        return answer

    async def _until_jetstream(self) -> None:
        for _ in range(100):
            try:
                await self.api("INFO", {})
                return
            except nats.errors.Error:
                await asyncio.sleep(0.05)

    async def _create(self) -> None:
        direct = {"allow_direct": True, "storage": "file", "num_replicas": 1}
        log = {
            "name": "DSPEX",
            "subjects": ["dspex.request.>", "dspex.work.>", "dspex.result.>", "dspex.event.>"],
            "discard": "new",
            "duplicate_window": SECOND_NS // 10,
            "republish": {"src": "dspex.result.>", "dest": "dspex-live.result.>"},
            **direct,
        }
        chunk = {"name": "DSPEX_CHUNK", "subjects": ["dspex-chunk.>"], **direct, "storage": "memory"}
        values = {
            "name": "OBJ_DSPEX_VALUE",
            "subjects": ["$O.DSPEX_VALUE.C.>", "$O.DSPEX_VALUE.M.>"],
            "allow_rollup_hdrs": True,
            "discard": "new",
            **direct,
        }
        for stream in (log, chunk, values):
            await self.api(f"STREAM.CREATE.{stream['name']}", stream)
        for worker in ("any", *WORKERS):
            config = {
                "durable_name": f"work-{POOL}-{worker}",
                "filter_subjects": [f"dspex.work.{POOL}.{worker}"],
                "ack_policy": "explicit",
                "ack_wait": 5 * SECOND_NS,
                "max_deliver": -1,
                "max_ack_pending": 1_000,
            }
            await self.api(
                f"CONSUMER.CREATE.DSPEX.{config['durable_name']}", {"stream_name": "DSPEX", "config": config}
            )

    async def _follow(self, message: Msg) -> None:
        *_, role, n = message.subject.split(".")
        name = f"follow-{role}-{n}"
        config = {
            "name": name,
            "filter_subjects": ["dspex.event.variable.>", "dspex.event.program.>"],
            "ack_policy": "none",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": json.loads(message.data)["fromSequence"],
            "mem_storage": True,
            "inactive_threshold": 300 * SECOND_NS,
        }
        await self.admin.request(f"$JS.API.CONSUMER.DELETE.DSPEX.{name}", b"", timeout=20)
        info = await self.api(
            f"CONSUMER.CREATE.DSPEX.{name}", {"stream_name": "DSPEX", "config": config, "action": "create"}
        )
        await message.respond(json.dumps({"consumer": info, "firstSequence": 1, "lastSequence": 0}).encode())


async def _ignore(error: Exception) -> None:
    """A server that is killed on purpose."""


@asynccontextmanager
async def running_nats() -> AsyncIterator[NatsKit]:
    with tempfile.TemporaryDirectory(prefix="dspex-pool-") as folder:
        kit = NatsKit(Path(folder))
        await kit.start()
        try:
            await kit.connect()
            yield kit
        finally:
            if kit.admin.is_connected:
                await kit.admin.close()
            await kit.stop()
