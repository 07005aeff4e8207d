"""A user's own program that says what its outputs are held to."""

import dspex


# region notes
@dspex.program(
    "note",
    signature="text: str -> note: str, lines: list[str]",
    validators=[
        {"output": "note", "kind": "length", "options": {"unit": "words", "max": 5}, "onFailure": "fail"},
        {"output": "lines[]", "kind": "format", "options": {"format": "email"}, "onFailure": "score"},
    ],
)
def note(text: str) -> dict[str, object]:
    return {"note": text, "lines": text.split()}


# endregion
