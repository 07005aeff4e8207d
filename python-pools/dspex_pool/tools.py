"""Tools of agents: Python functions of the users' modules, and programs called over the bus.

A tool may be called on the loop (asynchronous modules) or in a thread (blocking ones). On the loop it returns
a coroutine, which DSPy awaits; in a thread it blocks that thread alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import dspy
from pydantic import TypeAdapter

from dspex.messages import ProgramDefinition
from dspex.signature import Field, OptionalType, Signature
from dspex.signature.dspy_bridge import dspy_names, to_dspy_outputs, to_dspy_signature
from dspex_pool.blocking import Blocking
from dspex_pool.program_calls import ProgramCalls


class Tools:
    def __init__(self, calls: ProgramCalls, blocking: Blocking) -> None:
        self._calls = calls
        self._blocking = blocking

    def python(self, name: str, function: Callable[..., Any]) -> dspy.Tool:
        """DSPy reads name, description and arguments from the function itself."""

        @functools.wraps(function)
        def call(**arguments: Any) -> Any:
            if inspect.iscoroutinefunction(function):
                return self._here(function(**arguments))
            if not self._calls.on_loop:
                return function(**arguments)
            return self._blocking.run(function, **arguments)

        return dspy.Tool(call, name=name)

    def program(self, definition: ProgramDefinition) -> dspy.Tool:
        """Another program as a tool; its result comes back as a dict of its outputs."""
        signature = self._calls.signature(definition)
        made = to_dspy_signature(signature)
        names = dspy_names(signature)
        wire_names = {names[field.name]: field.name for field in signature.inputs}

        async def answer(arguments: dict[str, Any]) -> dict[str, Any]:
            inputs = {wire_names.get(name, name): value for name, value in arguments.items()}
            return _as_told(signature, await self._calls.call_known(definition, inputs))

        def call(**arguments: Any) -> Any:
            return self._here(answer(arguments))

        return dspy.Tool(
            call,
            # Models are given names that are identifiers everywhere.
            name=definition.name.replace("-", "_"),
            desc=definition.description or made.instructions,
            args={
                names[field.name]: _argument(field, made.input_fields[names[field.name]])
                for field in signature.inputs
            },
            arg_types={name: made.input_fields[name].annotation for name in wire_names},
        )

    def _here(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return coroutine if self._calls.on_loop else self._calls.wait_for(coroutine)


def _argument(field: Field, info: Any) -> dict[str, Any]:
    """JSON Schema of one argument, without references: each travels apart from the others."""
    kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    schema: dict[str, Any] = TypeAdapter(kind).json_schema()
    schema = _without_references(schema, schema.pop("$defs", {}))
    if field.description is not None:
        form = schema.get("description")
        schema["description"] = f"{field.description} ({form})" if form else field.description
    # DSPy tells models that what has a default may be left out.
    if field.has_default:
        schema["default"] = field.default
    elif isinstance(field.type, OptionalType):
        schema["default"] = None
    return schema


def _without_references(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_without_references(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found = definitions[schema["$ref"].rpartition("/")[2]]
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return {key: _without_references(value, definitions) for key, value in schema.items()}


def _as_told(signature: Signature, outputs: dict[str, Any]) -> dict[str, Any]:
    """As DSPy tells values to models: dates and bytes as text, images as images."""
    fields, names = to_dspy_signature(signature).output_fields, dspy_names(signature)
    values = to_dspy_outputs(signature, outputs)
    told: dict[str, Any] = {}
    for field in signature.outputs:
        by = names[field.name]
        adapter = TypeAdapter(fields[by].annotation)
        told[field.name] = adapter.dump_python(values[by], mode="json", fallback=str, warnings=False)
    return told
