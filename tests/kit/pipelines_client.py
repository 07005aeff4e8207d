"""Builds a pipeline in Python and says everything to its runs that can be said; tells what came as JSON.

Run by tests/integration/pipelines-client.test.ts beside its system.
"""

import asyncio
import json
import sys
from typing import Any

import dspex
from dspex.pipelines import PipelineBuilder, program

shout = program("shout", "text: str -> loud: str")


@dspex.pipeline("python", "texts: list[str] -> loud: list[str], note: str | None")
def shouts(p: PipelineBuilder) -> dict[str, Any]:
    each = p.map(
        "each", p.inputs.texts, lambda text, q: q.call("one", shout, {"text": text})
    )
    sign = p.approval("sign", after=[each])
    word = p.signal("word", "text: str", after=[sign])
    last = p.call("last", shout, {"text": word.text}, keep=True)
    return {
        "loud": each.loud,
        "note": p.value("said", {"note": sign.note}, after=[last]).note,
    }


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")


async def main() -> None:
    async with dspex.connect() as client:
        say(version=await client.pipelines.register(shouts))
        say(names=[one.name for one in await client.pipelines.list()])
        problems = await client.pipelines.validate({**shouts.definition, "outputs": {}})
        say(problems=[problem.message for problem in problems][:1])
        run = await client.pipeline(shouts).run({"texts": ["a", "b"]})
        say(pending=await run.look() is None)
        await run.signal("word", {"text": "x"}, key="k")
        await run.approve("sign", note="go on")
        say(verbs=sorted({event.verb async for event in run.events()}))
        say(outputs=await run.outputs())
        drawn = await run.graph(columns=200)
        mermaid = await client.pipelines.graph(shouts, "mermaid")
        say(drawn=drawn.splitlines()[0], mermaid=mermaid.splitlines()[0])
        progress = await run.progress()
        say(percent=progress.percent, stages=[stage.name for stage in progress.stages])
        again = await run.rerun(start="sign")
        await again.approve("sign", approved=False)
        try:
            await again.outputs()
        except dspex.DspexError as error:
            say(code=error.code)
        stopped = await client.pipeline("python").run({"texts": []})
        await stopped.cancel("enough")
        say(status=(await stopped.result()).status)
        say(runs=len([one async for one in client.pipelines.runs(pipeline="python")]))
        await client.pipelines.remove("python")
        try:
            await client.pipelines.describe("python")
        except dspex.DspexError as error:
            say(gone=error.code)


asyncio.run(main())
