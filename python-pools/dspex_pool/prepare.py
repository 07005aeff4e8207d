"""Makes what a work message names ready to run: definition → signature, module or entry, adapter; kept,
bounded.

(program, version, implementation, settings, with history?) ─▶ Prepared    one build even if many ask at once
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import dspy
import msgspec

from dspex.decorators import UserProgram
from dspex.errors import DspexError
from dspex.messages import DspyImplementation, ProgramDefinition, PythonImplementation, Validator
from dspex.signature import (
    Field,
    ImageReference,
    OptionalType,
    PlainType,
    Signature,
    ValuesError,
    decode_inputs,
    decode_outputs,
    encode_outputs,
    signature_from_json,
)
from dspex.signature.dspy_bridge import (
    from_dspy_outputs,
    to_dspy_inputs,
    to_dspy_outputs,
    to_dspy_signature,
)
from dspex_pool.blocking import Blocking
from dspex_pool.builtin_entries import Builtin
from dspex_pool.dspy_setup import make_adapter
from dspex_pool.entries import Entries
from dspex_pool.follower import ProgramFollower
from dspex_pool.modules.kind import ModuleSpec, Reward
from dspex_pool.modules.table import find_kind
from dspex_pool.runnable import EntryRunnable, InlineRunnable, ModuleRunnable, Runnable
from dspex_pool.tools import Tools

MAX_PREPARED: Final = 256
HISTORY: Final = "history"
"""Settings that a module is made with; the others only count while it runs."""
MADE_WITH: Final = ("module", "adapter", "demos", "parameters")

Runs = DspyImplementation | PythonImplementation


@dataclass(frozen=True, slots=True)
class Prepared:
    implementation: Runs
    """Of the program; what goes in and comes out is checked against it."""
    signature: Signature
    """Input that takes the session's earlier turns, if there is one."""
    history_input: str | None
    runnable: Runnable
    adapter: dspy.Adapter
    validators: tuple[Validator, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    program: str
    version: str
    implementation: str
    with_history: bool
    """Of what variables gave: what was made with other values must not run."""
    settings: str
    """Of the programs that it calls as tools: a new version of one may take other arguments."""
    tool_versions: tuple[str | None, ...]


class Preparer:
    def __init__(
        self,
        follower: ProgramFollower,
        entries: Entries,
        inline: Mapping[str, Builtin],
        tools: Tools,
        blocking: Blocking,
        own: Mapping[str, Callable[[Signature], Runnable]],
    ) -> None:
        """`own`: entries that this pool alone has."""
        self._own = own
        self._follower = follower
        self._entries = entries
        self._inline = inline
        self._tools = tools
        self._blocking = blocking
        self._prepared: OrderedDict[_Key, Prepared] = OrderedDict()
        self._building: dict[_Key, asyncio.Task[Prepared]] = {}

    async def prepare(
        self,
        program: str,
        version: str,
        implementation: str,
        settings: Mapping[str, Any],
        with_history: bool,
    ) -> Prepared:
        """`settings`: the work's, which have the values of variables.

        @raises DspexError `unknown_version`, `module_not_found`, …"""
        definition = await self._follower.definition(program, version)
        chosen, digest = _tuned(_implementation(definition, implementation), settings)
        key = _Key(program, version, implementation, with_history, digest, self._tool_versions(chosen))
        found = self._prepared.get(key)
        if found is not None:
            self._prepared.move_to_end(key)
            return found
        building = self._building.get(key)
        if building is None:
            building = asyncio.get_running_loop().create_task(self._build(key, definition, chosen))
            self._building[key] = building
            building.add_done_callback(lambda _: self._building.pop(key, None))
        # Not cancelled with the attempt that asked first: others may wait for it as well.
        return await asyncio.shield(building)

    def _tool_versions(self, chosen: Runs) -> tuple[str | None, ...]:
        if isinstance(chosen, PythonImplementation) or not chosen.tools:
            return ()
        return tuple(
            self._follower.newest_version(tool.program) for tool in chosen.tools if tool.program is not None
        )

    async def _build(self, key: _Key, definition: ProgramDefinition, chosen: Runs) -> Prepared:
        signature = signature_from_json(definition.signature)
        if isinstance(chosen, DspyImplementation):
            prepared = await self._dspy(signature, chosen, key.with_history)
        else:
            prepared = await self._python(signature, chosen)
        if definition.validators is not None:
            prepared = replace(prepared, validators=tuple(definition.validators))
        self._prepared[key] = prepared
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)
        return prepared

    async def _dspy(
        self, signature: Signature, implementation: DspyImplementation, with_history: bool
    ) -> Prepared:
        kind = find_kind(implementation.module)
        tools = [await self._tool(tool.program, tool.python) for tool in implementation.tools or []]
        history_input = _history_input(signature)
        if with_history and history_input is None:
            signature, history_input = _with_history(signature)
        spec = ModuleSpec(
            signature=to_dspy_signature(signature),
            parameters=implementation.parameters or {},
            tools=tools,
            demos=_demos(signature, implementation),
            valid=_validity(signature),
            function=self._entries.function,
        )
        runnable = ModuleRunnable(
            signature, lambda: kind.build(spec), self._blocking if kind.blocking else None, kind.per_call
        )
        return Prepared(
            implementation, signature, history_input, runnable, make_adapter(implementation.adapter)
        )

    async def _python(self, signature: Signature, implementation: PythonImplementation) -> Prepared:
        inline = self._inline.get(implementation.entry)
        own = self._own.get(implementation.entry)
        runnable: Runnable
        if inline is not None:
            runnable = InlineRunnable(signature, inline)
        elif own is not None:
            runnable = own(signature)
        else:
            entry = self._entries.program(implementation.entry)
            implementation = _with_defaults(implementation, entry.declared)
            # A module's constructor may load a model of its own: not on the loop.
            target = await self._blocking.run(entry.make)
            runnable = EntryRunnable(signature, target, self._blocking)
        return Prepared(implementation, signature, _history_input(signature), runnable, make_adapter(None))

    async def _tool(self, program: str | None, python: str | None) -> dspy.Tool:
        if program is not None:
            return self._tools.program(await self._follower.newest(program))
        name = python or ""
        return self._tools.python(name, self._entries.tool(name))


def _implementation(definition: ProgramDefinition, name: str) -> Runs:
    for implementation in definition.implementations:
        if implementation.name == name:
            if isinstance(implementation, DspyImplementation | PythonImplementation):
                return implementation
            kind = implementation.__struct_config__.tag
            raise DspexError("module_not_found", f'implementation "{name}" is {kind}: no pool runs it')
    known = ", ".join(implementation.name for implementation in definition.implementations)
    raise DspexError(
        "module_not_found", f'"{definition.name}" has no implementation "{name}", it has: {known}'
    )


def _tuned(implementation: Runs, settings: Mapping[str, Any]) -> tuple[Runs, str]:
    """With what variables gave of the settings that a module is made with, and a hash of that."""
    if isinstance(implementation, PythonImplementation):
        return implementation, ""
    tuned = {path.partition(".")[0] for path in implementation.variables or ()}
    given = {name: settings[name] for name in MADE_WITH if name in tuned and name in settings}
    if not given:
        return implementation, ""
    try:
        made = msgspec.convert({**msgspec.to_builtins(implementation), **given}, DspyImplementation)
    except msgspec.ValidationError as error:
        raise DspexError("invalid_inputs", f"settings of {implementation.name}: {error}") from error
    return made, sha256(msgspec.json.encode(given, order="deterministic")).hexdigest()


def _with_defaults(implementation: PythonImplementation, declared: UserProgram) -> PythonImplementation:
    """What the module says of itself counts where its registration says nothing."""
    given = {name: getattr(declared, name) for name in ("model", "temperature", "max_tokens", "timeout_ms")}
    missing = {name: value for name, value in given.items() if getattr(implementation, name) is None}
    return msgspec.structs.replace(implementation, **missing)


def _history_input(signature: Signature) -> str | None:
    for field in signature.inputs:
        of = field.type.of if isinstance(field.type, OptionalType) else field.type
        if of == PlainType("history"):
            return field.name
    return None


def _with_history(signature: Signature) -> tuple[Signature, str]:
    taken = {field.name for field in (*signature.inputs, *signature.outputs)}
    name = HISTORY
    while name in taken:
        name += "_"
    field = Field(name=name, type=OptionalType(of=PlainType("history")))
    return replace(signature, inputs=(field, *signature.inputs)), name


def _demos(signature: Signature, implementation: DspyImplementation) -> list[dspy.Example]:
    demos = []
    for number, demo in enumerate(implementation.demos or []):
        try:
            given = decode_inputs(signature, demo.inputs)
            made = decode_outputs(signature, demo.outputs)
        except ValuesError as error:
            raise DspexError(
                "module_not_found", f"demo {number} does not fit the signature: {error}"
            ) from error
        if _has_image_reference([*given.values(), *made.values()]):
            raise DspexError(
                "module_not_found",
                f"demo {number}: its image is an object of one user, and a demo is everybody's: give a url",
            )
        inputs, outputs = to_dspy_inputs(signature, given), to_dspy_outputs(signature, made)
        inputs = {name: value for name, value in inputs.items() if not isinstance(value, dspy.History)}
        demos.append(dspy.Example(**inputs, **outputs).with_inputs(*inputs))
    return demos


def _has_image_reference(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_image_reference, value.values() if isinstance(value, dict) else value))
    return isinstance(value, ImageReference)


def _validity(signature: Signature) -> Reward:
    def keeps_the_constraints_of_the_signature(inputs: dict[str, Any], prediction: Any) -> float:  # noqa: ARG001
        try:
            encode_outputs(signature, from_dspy_outputs(signature, prediction))
        except ValuesError:
            return 0.0
        return 1.0

    return keeps_the_constraints_of_the_signature
