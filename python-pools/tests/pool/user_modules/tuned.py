"""Programs that read variables, in a coroutine and in a thread."""

import dspex

VARIABLES = {"voice": "tone", "temperature": "warmth"}


@dspex.program("tuned", signature="text: str -> said: str", variables=VARIABLES)
async def tuned(text: str) -> str:
    return f"{text} in a {dspex.variable('voice', 'plain')} voice"


@dspex.program("tuned-in-a-thread", signature="text: str -> said: str", variables=VARIABLES)
def tuned_in_a_thread(text: str) -> str:
    return f"{text} in a {dspex.variable('voice', 'plain')} voice"
