"""A user's own program that reads a variable."""

import dspex


# region greet
@dspex.program("greet", signature="name: str -> greeting: str", variables={"voice": "tone"})
def greet(name: str) -> str:
    return f"Good day, {name}." if dspex.variable("voice", "formal") == "formal" else f"Hi {name}!"


# endregion
