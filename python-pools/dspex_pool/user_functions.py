"""Functions of the users' modules by their names, `module:fn`: metrics, embeddings, rewards."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from dspex.errors import DspexError

MAX_TOLD: Final = 200


def find_function(name: str, folders: Sequence[Path], what: str) -> Callable[..., Any]:
    """Only from these folders: a name that comes with a request must not reach what Python itself can do.
    @raises DspexError `module_not_found`; `invalid_inputs` for a name that is none.
    """
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise DspexError("invalid_inputs", f'{what} "{name}": expected module:fn', path=what)
    for folder in folders:
        if str(folder.resolve()) not in sys.path:
            sys.path.append(str(folder.resolve()))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, function_name)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"[:MAX_TOLD]
        raise DspexError("module_not_found", f'{what} "{name}" cannot be loaded: {text}') from error
    file = Path(module.__file__ or "").resolve()
    if not any(file.is_relative_to(folder.resolve()) for folder in folders):
        raise DspexError("module_not_found", f'{what} "{name}" cannot be loaded: it is in no modules folder')
    if not callable(found):
        raise DspexError("module_not_found", f'{what} "{name}" is no function')
    function: Callable[..., Any] = found
    return function
