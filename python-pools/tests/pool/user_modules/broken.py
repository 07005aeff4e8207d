"""A file that cannot be imported: it registers half of itself, then fails."""

import dspex


@dspex.program(signature="a: str -> b: str")
def never(a: str) -> str:
    return a


raise RuntimeError("half way")
