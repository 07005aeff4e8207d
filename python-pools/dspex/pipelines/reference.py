"""What a pipeline's author holds in place of values that are there only when it runs: references to inputs,
to stages' outputs and into them, and expressions over these.

    found = p.call("retrieve", search, {"query": p.inputs.question})
    found.passages        {"$from": "retrieve.passages"}          found.passages[0]   "retrieve.passages.0"
    ~check.supported      not check.supported                     check.score >= 0.8  check.score >= 0.8
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from dspex.errors import DspexError

# What stays together wherever it is put in an expression.
_OPERAND = re.compile(r'^(?:[\w.]+|"(?:[^"\\]|\\.)*")$')
# What the language reads as one name.
_NAME = re.compile(r"^[A-Za-z_]\w*(?:\.\w+)*$", re.ASCII)


class Scope:
    """A graph: its names can be seen in it and in the graphs inside of it."""

    __slots__ = ("of", "within")

    def __init__(self, within: Scope | None, of: str) -> None:
        self.within = within
        # The stage whose body it is; "" for the whole pipeline.
        self.of = of


@dataclass(frozen=True, slots=True)
class Located:
    """A dotted name and the graph that it belongs to."""

    path: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Written:
    """A part of an expression, and the references that are in it."""

    text: str
    uses: tuple[Located, ...]


class Source:
    """A reference or an expression: operators make expressions of it, `&`, `|` and `~` conditions."""

    __slots__ = ()

    def _written(self) -> Written:
        raise NotImplementedError

    def __invert__(self) -> Expression:
        return not_(self)

    def __and__(self, other: Operand) -> Expression:
        return all_of(self, other)

    def __or__(self, other: Operand) -> Expression:
        return any_of(self, other)

    def __lt__(self, other: Operand) -> Expression:
        return _binary(self, "<", other)

    def __le__(self, other: Operand) -> Expression:
        return _binary(self, "<=", other)

    def __gt__(self, other: Operand) -> Expression:
        return _binary(self, ">", other)

    def __ge__(self, other: Operand) -> Expression:
        return _binary(self, ">=", other)

    def __eq__(self, other: Operand) -> Expression:  # type: ignore[override]  # a condition, known later
        return _binary(self, "==", other)

    def __ne__(self, other: Operand) -> Expression:  # type: ignore[override]  # a condition, known later
        return _binary(self, "!=", other)

    def __add__(self, other: Operand) -> Expression:
        return _binary(self, "+", other)

    def __sub__(self, other: Operand) -> Expression:
        return _binary(self, "-", other)

    def __mul__(self, other: Operand) -> Expression:
        return _binary(self, "*", other)

    def __truediv__(self, other: Operand) -> Expression:
        return _binary(self, "/", other)

    def __mod__(self, other: Operand) -> Expression:
        return _binary(self, "%", other)

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise _no_value(self._written().text, "combine conditions with & | ~, not with and, or, not")

    def __iter__(self) -> NoReturn:
        raise _no_value(self._written().text, "go through a list with p.map")

    def __str__(self) -> NoReturn:
        raise _no_value(self._written().text, "pass it as it is, or write expr(…) for a text that holds it")


class Ref(Source):
    """A reference; its members are references, too: `found.passages[0].text`."""

    __slots__ = ("_located",)

    def __init__(self, path: str, scope: Scope) -> None:
        self._located = Located(path, scope)

    def __getattr__(self, name: str) -> Ref:
        if name.startswith("_"):
            raise AttributeError(name)
        return Ref(f"{self._located.path}.{name}", self._located.scope)

    def __getitem__(self, key: str | int) -> Ref:
        return Ref(f"{self._located.path}.{key}", self._located.scope)

    def __repr__(self) -> str:
        return f"Ref({self._located.path})"

    def _written(self) -> Written:
        path = self._located.path
        if not _NAME.match(path):
            text = f'"{path}" cannot stand in an expression: names there have letters, digits and _ alone'
            raise DspexError("invalid_inputs", text, path=path)
        return Written(path, (self._located,))


class Expression(Source):
    """A value that is computed from others when the pipeline runs."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Written) -> None:
        self._parts = parts

    def __repr__(self) -> str:
        return f"Expression({self._parts.text})"

    def _written(self) -> Written:
        return self._parts


Operand = Source | str | int | float | bool


class Outputs:
    """A stage's outputs, a reference for each; also what `after` takes."""

    __slots__ = ("_fields", "_located")

    def __init__(self, name: str, scope: Scope, fields: Sequence[str] | None) -> None:
        self._located = Located(name, scope)
        self._fields = None if fields is None else tuple(fields)

    def __getattr__(self, name: str) -> Ref:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Ref:
        path, fields = self._located.path, self._fields
        if fields is not None and name not in fields:
            names = ", ".join(f'"{field}"' for field in fields)
            has = f"it has {names}" if fields else "it has none"
            raise DspexError("invalid_inputs", f'stage "{path}" has no output "{name}": {has}', path=path)
        return Ref(f"{path}.{name}", self._located.scope)

    def __repr__(self) -> str:
        return f"Outputs({self._located.path})"


def expr(text: str, *parts: Operand) -> Expression:
    """An expression as the service reads it; each `{}` is a part: `expr("len({}) > 3", found.texts)`.

    A reference that is known by its name may be written as it is: `expr("check.score < 0.8")`.
    """
    written = [operand(part) for part in parts]
    if text.count("{}") != len(written):
        message = f"{text!r} has {text.count('{}')} places for {len(written)} parts"
        raise DspexError("invalid_inputs", message)
    pieces = iter(written)
    filled = re.sub(r"\{\}", lambda _: _enclosed(next(pieces)), text)
    return Expression(Written(filled.strip(), tuple(use for one in written for use in one.uses)))


def not_(condition: Operand) -> Expression:
    return _operation([condition], lambda texts: f"not {texts[0]}")


def all_of(*conditions: Operand) -> Expression:
    """Whether all of them hold; the first that does not ends the look."""
    return _operation(conditions, " and ".join)


def any_of(*conditions: Operand) -> Expression:
    """Whether one of them holds; the first that does ends the look."""
    return _operation(conditions, " or ".join)


def length(of: Source) -> Expression:
    """Of a text (characters) or a list (items)."""
    return _operation([of], lambda texts: f"len({texts[0]})")


def operand(value: Operand) -> Written:
    if isinstance(value, Source):
        return value._written()
    if isinstance(value, bool):
        return Written("true" if value else "false", ())
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return Written(f'"{quoted}"', ())
    if isinstance(value, int | float):
        return Written(_number(value), ())
    raise DspexError(
        "invalid_inputs", f"an expression takes references, texts, numbers and booleans: {value!r}"
    )


def check_visible(located: Located, start: Scope) -> None:
    """Raises `invalid_inputs` for a name out of a body that is not around the place that names it."""
    path, scope = located.path, located.scope
    around: Scope | None = start
    while around is not None:
        if around is scope:
            return
        around = around.within
    why = (
        f'"{path}" belongs to another pipeline'
        if scope.within is None
        else f'"{path}" is inside of stage "{scope.of}": return it from its body '
        "and refer to the stage's output"
    )
    raise DspexError("invalid_inputs", why, path=path)


def _binary(left: Operand, sign: str, right: Operand) -> Expression:
    return _operation([left, right], lambda texts: f"{texts[0]} {sign} {texts[1]}")


def _operation(operands: Sequence[Operand], write: Any) -> Expression:
    if not operands:
        raise DspexError("invalid_inputs", "a condition of nothing")
    written = [operand(one) for one in operands]
    text: str = write([_enclosed(one) for one in written])
    return Expression(Written(text, tuple(use for one in written for use in one.uses)))


def _enclosed(written: Written) -> str:
    return written.text if _OPERAND.match(written.text) else f"({written.text})"


def _number(value: float) -> str:
    """As JavaScript writes it, so that both languages give one definition."""
    whole = int(value) if value == value // 1 and abs(value) < 1e21 else None
    return repr(value) if whole is None else str(whole)


def _no_value(text: str, hint: str) -> DspexError:
    return DspexError("invalid_inputs", f'"{text}" has no value yet: {hint}', path=text)
