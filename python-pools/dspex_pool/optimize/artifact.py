"""The result of a run as it is stored: canonical JSON, named by its hash. Pure; never pickle."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import rfc8785

from dspex.messages import ProgramDefinition
from dspex_pool.optimize.candidates import Candidate

FORMAT: Final = "dspex-version/1"


def declaration_of(definition: ProgramDefinition, candidate: Candidate) -> dict[str, Any]:
    """The program with the candidate as its first implementation; one of an earlier run gives way."""
    declared: dict[str, Any] = msgspec.to_builtins(definition)
    others = [one for one in declared["implementations"] if one["name"] != candidate["name"]]
    declaration = {**declared, "implementations": [dict(candidate), *others]}
    del declaration["version"]
    return without_none(declaration)  # type: ignore[no-any-return]


def artifact_bytes(definition: ProgramDefinition, candidate: Candidate, facts: Mapping[str, Any]) -> bytes:
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "program": definition.name,
            "parent": definition.version,
            "declaration": declaration_of(definition, candidate),
            **without_none(dict(facts)),
        }
    )


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def without_none(value: Any) -> Any:
    """Members that are absent rather than null; values inside inputs and outputs stay."""
    if not isinstance(value, dict):
        return [without_none(item) for item in value] if isinstance(value, list) else value
    return {
        key: item if key in ("inputs", "outputs", "calibration", "signature") else without_none(item)
        for key, item in value.items()
        if item is not None
    }
