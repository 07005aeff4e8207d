"""How many echo requests a second does one Python worker process answer?

    python -m tests.pool.throughput [requests] [in flight] [slots]

Work goes straight into the log, results are counted as they are republished; warms up first, prints the
machine's load.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time

from tests.pool.log_kit import Log, cloud_event, program, python, work_data
from tests.pool.nats_kit import running_nats
from tests.pool.pool_process import pool_process

ECHO = program("echo-python", "text: str -> same: str", python("echo"))
WARM_UP = 500


async def main(requests: int, in_flight: int, slots: int) -> None:
    async with running_nats() as kit:
        log = Log(kit.admin)
        async with pool_process(
            kit, "--slots", str(slots), environment={"DSPEX_LOG_LEVEL": "warning"}
        ) as pool:
            await pool.ready()
            await log.register(ECHO)
            # Not part of what is measured: made before the clock runs.
            bodies = [
                cloud_event(
                    "dspex.work.dispatched.v1",
                    "router/1",
                    work_data(ECHO, f"local.bench.{n}", {"text": "x" * 200}, deadline_ms=600_000),
                )
                for n in range(1, WARM_UP + requests + 1)
            ]
            done = asyncio.Semaphore(0)
            window = asyncio.Semaphore(in_flight)

            async def on_result(_: object) -> None:
                window.release()
                done.release()

            await kit.admin.subscribe("dspex-live.result.local.bench.*", cb=on_result)
            await kit.admin.subscribe("bench-acks", cb=_ignore)
            for first, count in ((0, WARM_UP), (WARM_UP, requests)):
                cpu = _cpu_seconds(pool.pid)
                started = time.perf_counter()
                for body in bodies[first : first + count]:
                    await window.acquire()
                    await kit.admin.publish("dspex.work.general.any", body, reply="bench-acks")
                for _ in range(count):
                    await done.acquire()
                took = time.perf_counter() - started
                cpu = _cpu_seconds(pool.pid) - cpu
            driver = resource.getrusage(resource.RUSAGE_SELF).ru_utime
            print(  # noqa: T201
                f"{requests / took:,.0f} requests/s",
                f"({requests} in {took:.2f} s, {in_flight} in flight, {slots} slots)",
                f"worker {cpu / took:.0%} of a core, {cpu / requests * 1e6:.0f} us each,",
                f"driver {driver:.1f} s, load {os.getloadavg()[0]:.1f}",
            )


async def _ignore(_: object) -> None:
    pass


def _cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    given = [int(value) for value in sys.argv[1:]]
    asyncio.run(main(*(given + [5_000, 128, 8][len(given) :])))
