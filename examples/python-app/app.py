"""An application in Python: calls programs that ship, follows a stream, judges a result.

Run it beside the system: `.venv/bin/python examples/python-app/app.py`.
"""

import asyncio

import dspex

TEXT = (
    "The bridge over the river was closed in spring, because its piers had moved by a hand's width. "
    "Engineers have put new piles beside them since, and the first tram crossed it on Monday."
)


# region app
async def main() -> None:
    async with dspex.connect() as client:  # NATS_URL, NATS_USER, NATS_PASSWORD, or the folder .dspex
        sentiment = client.program("sentiment", 'text: str -> label: Literal["positive", "negative"]')
        outputs = await sentiment(text="What a lovely day.", deadline_ms=120_000)
        print("sentiment:", outputs["label"])

        run = await client.program("summarize").submit(text=TEXT, stream=True, deadline_ms=120_000)
        async for chunk in run.stream():
            print(chunk.text, end="", flush=True)
        result = await run.result()
        print(f"\n{result.status} by {result.implementation}, {result.usage.output_tokens} tokens")
        await run.feedback(1.0, "short and right")

        try:
            await client.program("echo")(txt="hello")
        except dspex.DspexError as error:
            print(f"{error.code} at {error.path}")


asyncio.run(main())
# endregion
