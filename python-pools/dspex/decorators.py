"""What a user's module says about itself: `@dspex.program` and `@dspex.tool` register, nothing else. A pool
imports the module and reads the registry.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from dspex.signature import Signature, parse_signature
from dspex.subjects import token

Target = TypeVar("Target", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class UserProgram:
    name: str
    signature: Signature
    # A class is made once for each process and called; a function is called.
    kind: Literal["module", "function"]
    target: Callable[..., Any]
    description: str | None = None
    # Name of a configured model; None = the default one.
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_ms: int | None = None
    # Names of variables, by the setting that they give or the key that `dspex.variable` finds them under.
    variables: Mapping[str, str] | None = None
    # What is asked of the outputs beyond their types.
    validators: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class UserTool:
    name: str
    target: Callable[..., Any]
    description: str | None = None


@dataclass(slots=True)
class Registry:
    """What the modules that were imported so far have registered, by name."""

    programs: dict[str, UserProgram] = field(default_factory=dict)
    tools: dict[str, UserTool] = field(default_factory=dict)

    def add_program(self, program: UserProgram) -> None:
        _refuse_second(self.programs.get(program.name), program, "program")
        self.programs[program.name] = program

    def add_tool(self, tool: UserTool) -> None:
        _refuse_second(self.tools.get(tool.name), tool, "tool")
        self.tools[tool.name] = tool

    def clear(self) -> None:
        """Before modules are loaded again."""
        self.programs.clear()
        self.tools.clear()


registry = Registry()


def program(
    name: str | None = None,
    *,
    signature: str | Signature,
    description: str | None = None,
    model: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    timeout_ms: int | None = None,
    variables: Mapping[str, str] | None = None,
    validators: Sequence[Mapping[str, Any]] | None = None,
) -> Callable[[Target], Target]:
    """Registers a function or a `dspy.Module` subclass as a program; by default under its own name.

    `variables` are names of variables: under `model`, `temperature`, `maxTokens` and `timeoutMs` they give
    that setting its value; under any other key `dspex.variable(key)` finds it.

    `validators` are what is asked of the outputs beyond their types, each `{"output", "kind", "options",
    "onFailure"}`: `fail` lets the router try what is next, `score` lets the answer count as worse.

    A signature that does not parse, a name that is no token and a name that is taken are errors at import.
    """
    parsed = signature if isinstance(signature, Signature) else parse_signature(signature)

    def register(target: Target) -> Target:
        registry.add_program(
            UserProgram(
                name=token(name or target.__name__, "program"),
                signature=parsed,
                kind="module" if inspect.isclass(target) else "function",
                target=target,
                description=description or _first_paragraph(target),
                model=model,
                temperature=temperature,
                max_tokens=max_tokens,
                timeout_ms=timeout_ms,
                variables=variables,
                validators=validators,
            )
        )
        return target

    return register


def tool(target: Target | None = None, *, name: str | None = None, description: str | None = None) -> Any:
    """Registers a function that agents may call: `@dspex.tool` or `@dspex.tool(name="…")`."""

    def register(function: Target) -> Target:
        registry.add_tool(
            UserTool(
                name=token(name or function.__name__, "tool"),
                target=function,
                description=description or _first_paragraph(function),
            )
        )
        return function

    return register if target is None else register(target)


def _first_paragraph(target: Callable[..., Any]) -> str | None:
    # A class without a docstring of its own must not show its base's.
    text = target.__doc__ if inspect.isclass(target) is False or "__doc__" in vars(target) else None
    return inspect.cleandoc(text).split("\n\n")[0].replace("\n", " ") if text else None


def _refuse_second(known: UserProgram | UserTool | None, new: UserProgram | UserTool, what: str) -> None:
    if known is None or _place(known.target) == _place(new.target):
        return
    raise ValueError(
        f'{what} "{new.name}" is registered by {_place(known.target)} and by {_place(new.target)}'
    )


def _place(target: Callable[..., Any]) -> str:
    return f"{target.__module__}.{target.__qualname__}"
