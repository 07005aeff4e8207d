"""Users' modules: the `.py` files and packages of the folders given with --modules, imported at start.

What they register with `@dspex.program` and `@dspex.tool` becomes entries that a program's implementation
names. A file that cannot be imported is reported and does not stop the others.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dspex.decorators import Registry, UserProgram, registry
from dspex.errors import DspexError
from dspex.signature import signature_to_json
from dspex_pool.user_functions import find_function

MAX_MESSAGE_CHARACTERS: Final = 1_000

logger = logging.getLogger("dspex.entries")


@dataclass(frozen=True, slots=True)
class BrokenModule:
    """A file that could not be imported, and why."""

    file: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    declared: UserProgram

    def make(self) -> Callable[..., Any]:
        """A class is made once; a function is what is called."""
        if self.declared.kind == "module":
            made: Callable[..., Any] = self.declared.target()
            return made
        return self.declared.target


@dataclass(frozen=True, slots=True)
class Entries:
    declared: Registry
    broken: tuple[BrokenModule, ...]
    folders: tuple[Path, ...] = ()

    @property
    def names(self) -> list[str]:
        return sorted(self.declared.programs)

    def program(self, name: str) -> Entry:
        """@raises DspexError `module_not_found`, with the broken files if there are any."""
        found = self.declared.programs.get(name)
        if found is None:
            raise DspexError("module_not_found", self._missing("entry", name, self.names))
        return Entry(found)

    def tool(self, name: str) -> Callable[..., Any]:
        found = self.declared.tools.get(name)
        if found is None:
            raise DspexError("module_not_found", self._missing("tool", name, sorted(self.declared.tools)))
        return found.target

    def function(self, name: str) -> Callable[..., Any]:
        """A function that a module's parameters name, such as a reward: a tool's name, or `module:fn`."""
        return find_function(name, self.folders, "function") if ":" in name else self.tool(name)

    def announcement(self) -> dict[str, Any]:
        """What the pool tells the programs service."""
        return {
            "modules": [_described(self.declared.programs[name]) for name in self.names],
            "tools": [
                _present(name=tool.name, description=tool.description)
                for tool in self.declared.tools.values()
            ],
            "errors": [{"file": one.file, "message": one.message} for one in self.broken],
        }

    def _missing(self, what: str, name: str, known: list[str]) -> str:
        text = f'this pool has no {what} "{name}", it has: {", ".join(known) or "none"}'
        if self.broken:
            text += f"; not imported: {', '.join(one.file for one in self.broken)}"
        return text


def load_entries(folders: tuple[Path, ...]) -> Entries:
    broken: list[BrokenModule] = []
    for folder in folders:
        if not folder.is_dir():
            broken.append(BrokenModule(str(folder), "there is no such folder"))
            continue
        # Behind everything else: a user's file must not take the place of a library's.
        sys.path.append(str(folder.resolve()))
        importlib.invalidate_caches()
        for path in _modules(folder):
            problem = _load(path)
            if problem is not None:
                broken.append(BrokenModule(path.name, problem))
    for one in broken:
        logger.error("module %s is not loaded: %s", one.file, one.message)
    return Entries(registry, tuple(broken), folders)


def _modules(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(("_", "."))
        if not hidden and (path.suffix == ".py" or (path / "__init__.py").is_file()):
            yield path


def _load(path: Path) -> str | None:
    """Returns what was wrong."""
    name = path.stem
    try:
        module = importlib.import_module(name)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        _forget(name)
        return _message(path, error)
    file = Path(module.__file__ or "")
    if path.resolve() not in (file, file.parent):
        return f'its name is taken by the package "{name}": rename it'
    return None


def _forget(module: str) -> None:
    """Half a module registers nothing."""
    for table in (registry.programs, registry.tools):
        for name in [name for name, one in table.items() if one.target.__module__ == module]:
            del table[name]


def _message(path: Path, error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}"[:MAX_MESSAGE_CHARACTERS]
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path.resolve()
    ]
    return f"line {frames[-1].lineno}: {text}" if frames else text


def _described(declared: UserProgram) -> dict[str, Any]:
    return _present(
        name=declared.name,
        signature=signature_to_json(declared.signature),
        kind=declared.kind,
        description=declared.description,
        model=declared.model,
        temperature=declared.temperature,
        maxTokens=declared.max_tokens,
        timeoutMs=declared.timeout_ms,
        variables=None if declared.variables is None else dict(declared.variables),
        validators=None if declared.validators is None else [dict(one) for one in declared.validators],
    )


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
