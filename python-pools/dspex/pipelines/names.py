"""Names of stages: of one graph, of those inside of it, and of those around it. None hides another."""

from __future__ import annotations

import re

from dspex.errors import DspexError

_STAGE_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,63}$", re.ASCII)
_RESERVED = frozenset(("inputs", "item", "index", "loop", "run", "true", "false"))


class StageNames:
    def __init__(self, around: StageNames | None = None) -> None:
        self._own: set[str] = set()
        self._inside: set[str] = set()
        self._around = around

    def claim(self, name: str) -> None:
        """Raises `invalid_inputs` naming the stage."""
        if not _STAGE_NAME.match(name):
            raise _refused(name, f'stage "{name:.80}": a name has letters, digits and _, a letter first')
        if name in _RESERVED:
            raise _refused(name, f'stage "{name}": this name means something else')
        # A name of a graph around would be hidden by it, one of a body inside would hide it.
        taken = name in self._inside
        names: StageNames | None = self
        while names is not None:
            taken = taken or name in names._own
            names = names._around
        if taken:
            raise _refused(name, f'stage "{name}": there is one of this name already')
        self._own.add(name)
        names = self._around
        while names is not None:
            names._inside.add(name)
            names = names._around


def _refused(path: str, message: str) -> DspexError:
    return DspexError("invalid_inputs", message, path=path)
