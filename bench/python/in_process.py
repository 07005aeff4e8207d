"""`dspy.Predict` in one process, without a bus: the other side of what the benchmark of pools compares.

Reads commands as JSON lines on standard input, `{"program", "inFlight", "durationMs"}`, and answers each with
`{"calls", "seconds", "perSecond", "p50Ms", "p99Ms"}` on standard output. Configured as a pool's worker is.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop
from dspex_pool.dspy_setup import configure_dspy

sys.path.append(str(Path(__file__).parent / "modules"))

from instant_predict import InstantPredict, SlowPredict, WithEngine

QUESTION = "what is two and two?"


async def load(program: WithEngine, in_flight: int, duration_ms: float) -> dict[str, float]:
    latencies: list[float] = []
    started = time.perf_counter()
    until = started + duration_ms / 1_000

    async def lane() -> None:
        while (sent := time.perf_counter()) < until:
            prediction = await program.acall(question=QUESTION)
            if prediction.answer != "four":
                raise ValueError(f"wrong answer {prediction.answer!r}")
            latencies.append(time.perf_counter() - sent)

    await asyncio.gather(*(lane() for _ in range(in_flight)))
    seconds = time.perf_counter() - started
    latencies.sort()
    return {
        "calls": len(latencies),
        "seconds": seconds,
        "perSecond": len(latencies) / seconds,
        "p50Ms": latencies[len(latencies) // 2] * 1_000,
        "p99Ms": latencies[int(len(latencies) * 0.99)] * 1_000,
    }


async def main() -> None:
    programs: dict[str, WithEngine] = {"instant-predict": InstantPredict(), "slow-predict": SlowPredict()}
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        result = await load(programs[asked["program"]], asked["inFlight"], asked["durationMs"])
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    configure_dspy()
    uvloop.run(main())
