"""Prompts of choices and plain calls as templates, and the texts that stand for labels. Pure.

The native calls fill the same templates: what is searched here is what runs there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dspex.signature import Field, LiteralType, PlainType, Signature, StrType

_PLACE: Final = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}")
"""As `services/native/adapters/template.ts` reads it: filled, or refused."""
_WANTED: Final = re.compile(r"\{\{\s*-?\s*[A-Za-z][A-Za-z0-9_]*\s*(?:[|.\[-][^{}]*)?\}\}")
_OPEN_END: Final = re.compile("[\\s\"'\u201c\u2018\xab(\\[{<]\\Z")


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    value: Any


def labels_of(signature: Signature) -> list[Label] | None:
    """In declared order; None = the output is no choice."""
    if len(signature.outputs) != 1:
        return None
    kind = signature.outputs[0].type
    if kind == PlainType("bool"):
        return [Label(text_of(value), value) for value in (True, False)]
    if isinstance(kind, LiteralType):
        return [Label("null" if value is None else text_of(value), value) for value in kind.values]
    return None


def label_in(labels: Sequence[Label], value: Any) -> int:
    text = "null" if value is None else text_of(value)
    return next(at for at, label in enumerate(labels) if label.text == text)


def has_one_text_output(signature: Signature) -> bool:
    return len(signature.outputs) == 1 and isinstance(signature.outputs[0].type, StrType)


def text_of(value: Any) -> str:
    """Text as it is, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fill(template: str, inputs: Mapping[str, Any]) -> str:
    return _PLACE.sub(lambda found: text_of(inputs.get(found[1])), template)


def has_place(text: str) -> bool:
    """Such a text cannot be part of a template: it would be filled, or refused."""
    return _WANTED.search(text) is not None


def completion(template: str, inputs: Mapping[str, Any]) -> str:
    """Ends where the label begins, without a space."""
    return re.sub(r"[ \t]+\Z", "", fill(template, inputs))


def gap_after(prompt: str) -> str:
    """Between a prompt and the word that follows it: tokens begin with their space."""
    return "" if prompt == "" or _OPEN_END.search(prompt) else " "


def title(name: str) -> str:
    """`sameText`, `same_text` and `same-text` → `Same text`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", lambda found: f"{found[1]} {found[2].lower()}", name)
    words = re.sub(r"[_-]+", " ", spaced).strip()
    return words[:1].upper() + words[1:]


"""Ways to ask: each makes the lines before the answer from the names of inputs and output."""
SHAPES: Final = ("named", "asked", "quoted", "spoken")
"""As a conversation, where it is known how the server writes one down; the answer begun in words, or in
JSON.
"""
TURNS: Final = ("turns", "begun")


@dataclass(frozen=True, slots=True)
class Markup:
    """What stands around the turns of a conversation."""

    before: str
    asked: str
    """Between an answer and the next question."""
    answered: str


def turn(shape: str, inputs: Sequence[tuple[str, str]], asked: str, task: str) -> str:
    """`inputs` are names with their places; `asked` names the output."""
    named = "\n".join(f"{name}: {place}" for name, place in inputs)
    match shape:
        case "asked":
            bare = inputs[0][1] if len(inputs) == 1 else named
            return f"{bare}\n{task}\nAnswer:"
        case "quoted":
            quoted = "\n".join(f'{name}: "{place}"' for name, place in inputs)
            return f"{quoted}\n{asked}:"
        case "begun":
            return f"{named}\n\n{task} Answer in JSON with {asked.lower()}."
        case "spoken":
            return f"{named}\nIn one word, the {asked.lower()} is"
        case _:
            return f"{named}\n{asked}:"


def template_of(
    shape: str,
    fields: Sequence[Field],
    names: tuple[str | None, str],
    task: str,
    demos: Sequence[tuple[Mapping[str, Any], str]],
    markup: Markup | None = None,
) -> str:
    """`names`: of the only input (None = its own) and of the output; `demos`: inputs with the answer."""
    own, asked = names
    titles = [own if own is not None and len(fields) == 1 else title(field.name) for field in fields]
    shown = [
        (
            [(name, text_of(inputs.get(field.name))) for name, field in zip(titles, fields, strict=True)],
            said,
        )
        for inputs, said in demos
    ]
    places = [(name, f"{{{{{field.name}}}}}") for name, field in zip(titles, fields, strict=True)]
    if shape in TURNS and markup is not None:
        begun, ended = (f'{{"{asked.lower()}": "', '"}') if shape == "begun" else (f"{asked}:", "")
        gap = gap_after(begun)
        blocks = [
            f"{turn(shape, inputs, asked, task)}{markup.asked}{begun}{gap}{said}{ended}{markup.answered}"
            for inputs, said in shown
        ]
        last = f"{turn(shape, places, asked, task)}{markup.asked}{begun}"
        return markup.before + "".join(blocks) + last
    blocks = []
    for inputs, said in shown:
        begun = turn(shape, inputs, asked, task)
        blocks.append(f"{begun}{gap_after(begun)}{said}\n\n")
    return "".join(blocks) + turn(shape, places, asked, task)
