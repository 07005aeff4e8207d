"""The programs that this pool knows, folded from the log's program events.

registered ─▶ the version is known (old ones stay, bounded: work in flight may name one)
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


_decoder = msgspec.json.Decoder(_Envelope)


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
            return _with(state, registered)
        case _:
            return state


def _with(state: ProgramState, registered: ProgramRegistered) -> ProgramState:
    definition = ProgramDefinition(
        name=registered.name,
        version=registered.version,
        description=registered.description,
        signature=registered.signature,
        implementations=registered.implementations,
    )
    versions = dict(state.programs.get(registered.name, {}))
    versions.pop(registered.version, None)
    versions[registered.version] = definition
    while len(versions) > MAX_VERSIONS:
        del versions[next(iter(versions))]
    return ProgramState(MappingProxyType({**state.programs, registered.name: MappingProxyType(versions)}))
