"""What a module kind is: a way to make a DSPy module from a program's signature and an implementation's
settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import dspy

from dspex.errors import DspexError

"""Scores a prediction for given inputs, higher is better."""
Reward = Callable[[dict[str, Any], Any], float]


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    signature: type[dspy.Signature]
    parameters: Mapping[str, Any]
    tools: list[dspy.Tool]
    demos: list[dspy.Example]
    """1.0 where the outputs keep the signature's constraints, else 0.0."""
    valid: Reward
    """A function of the users' modules by its name. @raises DspexError `module_not_found`."""
    function: Callable[[str], Callable[..., Any]]


class ModuleKind(Protocol):
    name: str
    """It has no asynchronous form: it runs in a thread."""
    blocking: bool
    """Its calls change it, so each call needs one of its own."""
    per_call: bool

    def missing(self) -> str | None:
        """Why it cannot run on this machine, or None."""

    def build(self, spec: ModuleSpec) -> dspy.Module:
        """@raises DspexError for parameters or tools that it cannot use."""


class Parameters:
    """Reads a module's parameters and refuses the ones that nobody read: a misspelt one must not be
    ignored.
    """

    def __init__(self, kind: str, given: Mapping[str, Any]) -> None:
        self._kind = kind
        self._given = given
        self._read: set[str] = set()

    def integer(self, name: str, default: int, least: int = 1, most: int = 100) -> int:
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(name, f"an integer from {least} to {most}", value)
        return value

    def number(self, name: str, default: float) -> float:
        value = self._take(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(name, "a number", value)
        return float(value)

    def text(self, name: str) -> str | None:
        value = self._take(name, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "a string", value)
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._take(name, {})
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object", value)
        return value

    def sequence(self, name: str) -> list[Any]:
        value = self._take(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        return value

    def done(self) -> None:
        unknown = sorted(set(self._given) - self._read)
        if unknown:
            known = ", ".join(sorted(self._read)) or "none"
            raise DspexError(
                "module_not_found", f'{self._kind} has no parameter "{unknown[0]}", it has: {known}'
            )

    def _take(self, name: str, default: Any) -> Any:
        self._read.add(name)
        return self._given.get(name, default)

    def _wrong(self, name: str, expected: str, value: Any) -> DspexError:
        return DspexError(
            "module_not_found",
            f"parameter {name} of {self._kind}: expected {expected}, got {str(value)[:80]!r}",
        )


def instructed(signature: type[dspy.Signature], parameters: Parameters) -> type[dspy.Signature]:
    """With the parameter `instructions` in place of the program's own, where it is given."""
    text = parameters.text("instructions")
    return signature if text is None else signature.with_instructions(text)


def no_tools(kind: str, spec: ModuleSpec) -> None:
    if spec.tools:
        raise DspexError("module_not_found", f"{kind} takes no tools, {len(spec.tools)} are given")


def give_demos(module: dspy.Module, spec: ModuleSpec) -> dspy.Module:
    """To each predictor that makes all of the program's outputs; inner ones of agents make other fields."""
    outputs = set(spec.signature.output_fields)
    if spec.demos:
        for predictor in module.predictors():
            if outputs <= set(predictor.signature.output_fields):
                predictor.demos = list(spec.demos)
    return module
