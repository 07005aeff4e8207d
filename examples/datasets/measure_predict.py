"""How often is DSPy's Predict right on the same held-out sentences as measure.ts?

Run: `python -m dspex_pool.neural.model_server --port 4280 &`, then
`PYTHONPATH=python-pools python examples/datasets/measure_predict.py http://127.0.0.1:4280/v1 60`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Literal

import dspy
from dspex.config import Model, ModelCapabilities, Models
from dspex_pool.dspy_setup import configure_dspy
from dspex_pool.models import ModelRegistry

IN_FLIGHT = 4


def held_out(name: str, how_many: int) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / f"{name}.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    chosen = [row for row in rows if row["split"] == "heldout"][:how_many]
    return [(row["inputs"]["text"], row["outputs"]["label"]) for row in chosen]


async def main(base_url: str, how_many: int) -> None:
    configure_dspy()
    model = Model(model="smollm2", base_url=base_url, capabilities=ModelCapabilities(response_schema=True))
    registry = ModelRegistry(Models(default="local", models={"local": model}), {})
    signature = dspy.Signature(
        {"text": (str, dspy.InputField()), "label": (Literal["positive", "negative"], dspy.OutputField())},
        "Is the sentiment positive or negative?",
    )
    predict = dspy.Predict(signature)
    rows = held_out("sentiment", how_many)
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def is_right(text: str, label: str) -> bool:
        async with gate:
            return bool((await predict.acall(text=text)).label == label)

    start = time.monotonic()
    with dspy.context(lm=registry.lm("local", 0.0, 100), trace=[]):
        right = sum(await asyncio.gather(*(is_right(*row) for row in rows)))
    each_ms = (time.monotonic() - start) * 1_000 / len(rows)
    sys.stdout.write(f"sentiment predict {right}/{len(rows)}, {each_ms:.0f} ms each\n")
    await registry.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60))
