"""The programs that this pool knows, folded from the log's program events.

registered, canary-started ─▶ the version is known (old ones stay, bounded: work in flight may name one)
removed    ─▶ nothing changes here: the router decides what may run, a worker runs what it is told
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from dspex.messages import ProgramDefinition, ProgramRegistered

MAX_VERSIONS: Final = 64

"""Version by name of the version, oldest registration first."""
Versions = MappingProxyType[str, ProgramDefinition]


@dataclass(frozen=True, slots=True)
class ProgramState:
    programs: MappingProxyType[str, Versions]


@dataclass(frozen=True, slots=True)
class ProgramEvent:
    """An event of the log as far as this fold needs it."""

    name: str
    verb: str
    data: bytes


class _Envelope(msgspec.Struct):
    data: ProgramRegistered


class _Tried(msgspec.Struct):
    definition: ProgramDefinition


class _TriedEnvelope(msgspec.Struct):
    data: _Tried


_decoder = msgspec.json.Decoder(_Envelope)
_tried_decoder = msgspec.json.Decoder(_TriedEnvelope)


def initial_state() -> ProgramState:
    return ProgramState(MappingProxyType({}))


def find(state: ProgramState, program: str, version: str) -> ProgramDefinition | None:
    versions = state.programs.get(program)
    return None if versions is None else versions.get(version)


def evolve(state: ProgramState, event: ProgramEvent) -> ProgramState:
    """An unknown verb, or a definition of a later version of the contract, leaves the state as it was."""
    match event.verb:
        case "registered":
            try:
                registered = _decoder.decode(event.data).data
            except msgspec.DecodeError:
                return state
            return _with(state, _definition(registered))
        case "canary-started":
            try:
                tried = _tried_decoder.decode(event.data).data.definition
            except msgspec.DecodeError:
                return state
            return _with_tried(state, tried)
        case _:
            return state


def _definition(registered: ProgramRegistered) -> ProgramDefinition:
    return ProgramDefinition(
        name=registered.name,
        version=registered.version,
        description=registered.description,
        signature=registered.signature,
        implementations=registered.implementations,
        validators=registered.validators,
    )


def _with(state: ProgramState, definition: ProgramDefinition) -> ProgramState:
    """As the newest one."""
    versions = dict(state.programs.get(definition.name, {}))
    versions.pop(definition.version, None)
    versions[definition.version] = definition
    while len(versions) > MAX_VERSIONS:
        del versions[next(iter(versions))]
    return ProgramState(MappingProxyType({**state.programs, definition.name: MappingProxyType(versions)}))


def _with_tried(state: ProgramState, tried: ProgramDefinition) -> ProgramState:
    """Beside the one in use, which stays the newest."""
    versions = state.programs.get(tried.name)
    if versions is None:
        return _with(state, tried)
    *_, current = versions.values()
    return _with(_with(state, tried), current)
