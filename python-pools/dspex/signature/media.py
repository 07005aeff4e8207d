"""Images and conversations, whose Python values are DSPy's own.

DSPy is imported when one is met, so that whoever has neither, such as a client, starts without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from .json_values import MAX_JSON_DEPTH, is_json, to_json
from .leaves import REFUSED, Leaf, is_well_formed
from .numbers import SAFE_INTEGER

# As DSPy takes it: http or https with a host in ASCII, or data in the URL itself.
_IMAGE_URL: Final = re.compile(
    r"https?://(?:[A-Za-z0-9._~%!$&'()*+,;=:@-]+|\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\](?::[0-9]+)?)(?:[/?#]|\Z)"
    r"|data:.",
    re.DOTALL,
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image that lies in the object bucket; whoever can read the bucket puts a dspy.Image in its place."""

    bucket: str
    key: str
    size_bytes: int
    sha256: str
    content_type: str

    def to_json(self) -> dict[str, Any]:
        return {
            "bucket": self.bucket,
            "key": self.key,
            "sizeBytes": self.size_bytes,
            "sha256": self.sha256,
            "contentType": self.content_type,
        }


@cache
def _image_class() -> Any:
    import dspy

    return dspy.Image


@cache
def _history_class() -> Any:
    import dspy

    return dspy.History


def _image_to_python(value: Any) -> Any:
    image = _only_member(value, "$image")
    url = _only_member(image, "url")
    if url is not None:
        # Not through the constructor, which strips white space from what was sent.
        return _image_class().model_construct(url=url) if _is_image_url(url) else REFUSED
    return _reference(_only_member(image, "ref"))


def _is_image_url(url: object) -> bool:
    return type(url) is str and is_well_formed(url) and _IMAGE_URL.match(url) is not None


def _reference(body: Any) -> Any:
    if type(body) is not dict or body.keys() != {"bucket", "key", "sizeBytes", "sha256", "contentType"}:
        return REFUSED
    size, digest = body["sizeBytes"], body["sha256"]
    texts = (body["bucket"], body["key"], body["contentType"])
    if type(size) is float and size.is_integer():
        size = int(size)
    if not all(type(text) is str and text and is_well_formed(text) for text in texts):
        return REFUSED
    if type(size) is not int or not 0 <= size <= SAFE_INTEGER:
        return REFUSED
    if type(digest) is not str or _SHA256.fullmatch(digest) is None:
        return REFUSED
    return ImageReference(body["bucket"], body["key"], size, digest, body["contentType"])


def _image_to_wire(value: Any) -> Any:
    if isinstance(value, ImageReference):
        return {"$image": {"ref": value.to_json()}}
    if type(value) is dict:
        return REFUSED if _image_to_python(value) is REFUSED else value
    url = getattr(value, "url", None) if isinstance(value, _image_class()) else None
    return {"$image": {"url": url}} if _is_image_url(url) else REFUSED


def _only_member(value: Any, key: str) -> Any:
    return value.get(key) if type(value) is dict and len(value) == 1 else None


IMAGE_LEAF: Final = Leaf(_image_to_python, _image_to_wire)


def history_leaf(output_names: frozenset[str]) -> Leaf:
    """DSPy keeps a turn as one dict; going back, the signature says which of it are outputs."""

    def to_python(value: Any) -> Any:
        if type(value) is not list or not all(_is_turn(turn) for turn in value):
            return REFUSED
        # Not through the constructor, which strips white space from the names of fields.
        messages = [{**turn["inputs"], **turn["outputs"]} for turn in value]
        return _history_class().model_construct(messages=messages)

    def to_wire(value: Any) -> Any:
        if type(value) is list:
            return value if all(_is_turn(turn) for turn in value) else REFUSED
        if not isinstance(value, _history_class()):
            return REFUSED
        turns = [_split(message, output_names) for message in value.messages]
        return REFUSED if any(turn is REFUSED for turn in turns) else turns

    return Leaf(to_python, to_wire)


def _is_turn(turn: Any) -> bool:
    return (
        type(turn) is dict
        and turn.keys() == {"inputs", "outputs"}
        and type(turn["inputs"]) is dict
        and type(turn["outputs"]) is dict
        and is_json(turn)
    )


def _split(message: Mapping[str, Any], output_names: frozenset[str]) -> Any:
    json = to_json(message, MAX_JSON_DEPTH - 1)
    if json is REFUSED:
        return REFUSED
    return {
        "inputs": {name: value for name, value in json.items() if name not in output_names},
        "outputs": {name: value for name, value in json.items() if name in output_names},
    }
