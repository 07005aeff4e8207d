"""A Python application that searches for better values: run by tests against a real system."""

import asyncio
import json
import sys

import dspex

# region optimize
from dspex.variables import Budget, Objective


async def search(client: dspex.Client, examples: list[dict]) -> None:
    run = await client.variables.optimize(
        ["boundary", "word"],
        Objective(program="size", data=examples),
        Budget(trials=8),
        seed=6,
        trial_rows=20,
    )
    async for info in run.progress():
        print(info.status, info.tried, info.best and info.best["values"], file=sys.stderr)
    done = await run.result()
    gain = done.report.differences["quality"]
    print(done.applied, done.report.best.values, f"+{gain.mean:.2f} [{gain.low:.2f}, {gain.high:.2f}]")
    # endregion
    [listed] = [one for one in await client.variables.optimizations(ended=True) if one.run == run.run]
    print(listed.status)


async def main() -> None:
    async with dspex.connect() as client:
        await search(client, json.load(sys.stdin))


asyncio.run(main())
