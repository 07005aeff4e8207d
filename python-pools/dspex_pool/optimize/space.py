"""What the search chooses among for a program, and the candidate that a choice of it makes. Pure.

way (choice · plain · json · chat · reasoned) ─ shape of the prompt ─ names ─ label words ─ demonstrations:
how many, which, in what order
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dspex.signature import Signature
from dspex_pool.optimize.candidates import Candidate
from dspex_pool.optimize.prompts import (
    SHAPES,
    TURNS,
    Label,
    Markup,
    has_one_text_output,
    has_place,
    labels_of,
    template_of,
    text_of,
    title,
)
from dspex_pool.optimize.splits import Example

"""Name of the implementation that a version adds."""
OPTIMIZED: Final = "optimized"
DEMO_COUNTS: Final = (0, 2, 4, 8, 16)
"""How many the first tries show, and which samples of them."""
FIRST_DEMOS: Final = ((16, 0), (8, 1), (16, 2))
SAMPLES: Final = tuple(range(6))
ORDERS: Final = ("drawn", "alternating")
INPUT_NAMES: Final = ("own", "Text", "Sentence", "Input")
FIRST_NAMES: Final = INPUT_NAMES[:3]
MAX_TOKENS: Final = 256
"""A label and what stands around it; a model that goes on and on is cut off soon."""
LABEL_TOKENS: Final = 64
"""A prompt of more characters than this is none for a small model."""
MAX_DEMO_CHARACTERS: Final = 400

PLAIN: Final = {"maxTokens": MAX_TOKENS, "temperature": 0}

"""Words of the same meaning, by the set of labels in lower case."""
_WORDS: Final[Mapping[frozenset[str], tuple[Mapping[str, str], ...]]] = {
    frozenset(("positive", "negative")): (
        {"positive": "good", "negative": "bad"},
        {"positive": "great", "negative": "terrible"},
    ),
    frozenset(("true", "false")): ({"true": "yes", "false": "no"},),
    frozenset(("yes", "no")): ({"yes": "true", "no": "false"},),
}

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Space:
    """Choices by name of the parameter, in a fixed order."""

    choices: Mapping[str, tuple[Any, ...]]

    def first(self, number: int) -> Params | None:
        """Before anything is guessed: every way, a prompt's names, a conversation, demonstrations."""
        plain = {name: values[0] for name, values in self.choices.items()}
        begun = [plain | {"way": way} for way in self.choices["way"]]
        names = [name for name in FIRST_NAMES if name in self.choices.get("input", ())]
        begun += [plain | {"input": name, "asked": "program"} for name in names]
        named = begun[-1] if names else plain
        # What errs otherwise is worth asking as well, though it be right less often.
        shapes = self.choices.get("shape", ())
        begun += [named | {"shape": shape} for shape in shapes if shape != named["shape"]]
        others = self.choices.get("words", ())[1:]
        begun += [
            named | {"words": words, "shape": shapes[(2 + at) % len(shapes)]}
            for at, words in enumerate(others)
        ]
        for count, sample in FIRST_DEMOS:
            if count in self.choices["demos"]:
                begun.append(named | {"demos": count, "sample": sample})
        return begun[number] if number < len(begun) else None


def space_of(signature: Signature, *, likelihoods: bool, max_demos: int, turns: bool = False) -> Space:
    """`likelihoods`: the model's server tells them; `turns`: and how it writes a conversation down."""
    labels = labels_of(signature)
    ways: list[str] = []
    if labels is not None and likelihoods:
        ways.append("choice")
    elif has_one_text_output(signature):
        ways.append("plain")
    ways += ["json", "chat"]
    if labels is None:
        ways.append("reasoned")
    choices: dict[str, tuple[Any, ...]] = {
        "way": tuple(ways),
        "demos": tuple(count for count in DEMO_COUNTS if count <= max_demos),
        "sample": SAMPLES,
        "order": ORDERS,
    }
    if "choice" in ways or "plain" in ways:
        choices["shape"] = (*SHAPES, *TURNS) if turns else SHAPES
        choices["asked"] = ("output", "program")
        if len(signature.inputs) == 1:
            # Its own name is not tried twice.
            own = title(signature.inputs[0].name)
            choices["input"] = tuple(name for name in INPUT_NAMES if name != own)
    if "choice" in ways and labels is not None:
        choices["words"] = tuple(range(len(word_sets(labels))))
    return Space(choices)


def word_sets(labels: Sequence[Label]) -> list[Mapping[str, str]]:
    """Words for the labels; the first set is the labels themselves."""
    texts = [label.text for label in labels]
    sets: list[Mapping[str, str]] = [{}]
    capitalised = {text: text[:1].upper() + text[1:] for text in texts}
    if len(set(capitalised.values())) == len(texts) and any(k != v for k, v in capitalised.items()):
        sets.append(capitalised)
    known = _WORDS.get(frozenset(text.casefold() for text in texts), ())
    return [*sets, *({text: words[text.casefold()] for text in texts} for words in known)]


def candidate_of(
    params: Params,
    program: str,
    signature: Signature,
    train: Sequence[Example],
    settings: Mapping[str, Any],
    markup: Markup | None = None,
) -> tuple[Candidate, frozenset[str]]:
    """The candidate, and the keys of the examples that it shows. `settings`: model, temperature."""
    way = params["way"]
    labels = labels_of(signature)
    demos = choose_demos(train, signature, params["demos"], params["sample"], params["order"])
    shown = frozenset(demo.key for demo in demos)
    if way in ("choice", "plain"):
        words = word_sets(labels)[params["words"]] if way == "choice" and labels is not None else {}
        asked = title(program if params["asked"] == "program" else signature.outputs[0].name)
        own = params.get("input", "own")
        prompt = template_of(
            params["shape"],
            signature.inputs,
            (None if own == "own" else own, asked),
            _task(signature, labels, words),
            [(demo.inputs, _said(demo, signature, words)) for demo in demos],
            markup,
        )
        if way == "choice":
            said = {"words": dict(words)} if words else {}
            return _named({"kind": "choice", "prompt": prompt, **said}, settings), shown
        stop = {"stop": ["\n\n"]} if demos else {}
        return _named({"kind": "plain", "prompt": prompt, **PLAIN, **stop}, settings), shown
    candidate: dict[str, Any] = {
        "kind": "dspy",
        "pool": "general",
        "module": "ChainOfThought" if way == "reasoned" else "Predict",
        "adapter": "chat" if way == "chat" else "json",
        "maxTokens": MAX_TOKENS if labels is None else LABEL_TOKENS,
        "temperature": 0,
    }
    if demos:
        candidate["demos"] = [{"inputs": demo.inputs, "outputs": demo.outputs} for demo in demos]
    return _named(candidate, settings), shown


def blend_of(
    candidates: Sequence[Candidate], weights: Sequence[float], offsets: Mapping[str, float]
) -> Candidate:
    """A choice that asks in all of their ways, each of which counts by its weight."""
    ways = [
        {"prompt": one["prompt"], "weight": weight, **({"words": one["words"]} if "words" in one else {})}
        for one, weight in zip(candidates, weights, strict=True)
    ]
    alone = {key: value for key, value in candidates[0].items() if key != "words"}
    more = {"more": ways[1:]} if len(ways) > 1 else {}
    return {**alone, **ways[0], **more, "offsets": dict(offsets)}


def choose_demos(
    train: Sequence[Example], signature: Signature, count: int, sample: int, order: str
) -> list[Example]:
    """As many of each label as of the others, where the output is a choice; always the same for the same
    sample.
    """
    if count == 0:
        return []
    fitting = [
        one
        for one in train
        if len(text_of(one.inputs)) <= MAX_DEMO_CHARACTERS
        and not has_place(text_of(one.inputs) + text_of(one.outputs))
    ]
    drawn = random.Random(sample).sample(fitting, len(fitting))  # noqa: S311 (repeatable, not secret)
    if labels_of(signature) is None:
        return drawn[:count]
    output = signature.outputs[0].name
    by_label: dict[str, list[Example]] = {}
    for one in drawn:
        by_label.setdefault(text_of(one.outputs.get(output)), []).append(one)
    groups = [by_label[label] for label in sorted(by_label)]
    alternating = [group[place] for place in range(count) for group in groups if place < len(group)][:count]
    return alternating if order == "alternating" else sorted(alternating, key=drawn.index)


def _task(signature: Signature, labels: Sequence[Label] | None, words: Mapping[str, str]) -> str:
    output = title(signature.outputs[0].name).lower()
    if labels is None:
        return signature.instructions or f"Give the {output}."
    said = [words.get(label.text, label.text) for label in labels]
    named = f"{', '.join(said[:-1])} or {said[-1]}" if len(said) > 1 else said[0]
    return signature.instructions if signature.instructions and not words else f"Is the {output} {named}?"


def _said(demo: Example, signature: Signature, words: Mapping[str, str]) -> str:
    value = demo.outputs.get(signature.outputs[0].name)
    text = "null" if value is None else text_of(value)
    return words.get(text, text)


def _named(candidate: Mapping[str, Any], settings: Mapping[str, Any]) -> Candidate:
    return {"name": OPTIMIZED, **candidate, **settings}
