"""All module kinds by DSPy's class name, and why some of DSPy's classes are not among them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from dspex.errors import DspexError
from dspex_pool.modules.best_of_n import BestOfNKind
from dspex_pool.modules.chain_of_thought import ChainOfThoughtKind
from dspex_pool.modules.code_act import CodeActKind
from dspex_pool.modules.ensemble import EnsembleKind
from dspex_pool.modules.kind import ModuleKind
from dspex_pool.modules.knn_few_shot import KNNFewShotKind
from dspex_pool.modules.multi_chain_comparison import MultiChainComparisonKind
from dspex_pool.modules.predict import PredictKind
from dspex_pool.modules.program_of_thought import ProgramOfThoughtKind
from dspex_pool.modules.react import ReActKind
from dspex_pool.modules.react_v2 import ReActV2Kind
from dspex_pool.modules.refine import RefineKind

_ALL: tuple[ModuleKind, ...] = (
    PredictKind(),
    ChainOfThoughtKind(),
    ReActKind(),
    ReActV2Kind(),
    BestOfNKind(),
    RefineKind(),
    MultiChainComparisonKind(),
    ProgramOfThoughtKind(),
    CodeActKind(),
    KNNFewShotKind(),
    EnsembleKind(),
)
KINDS: Final = MappingProxyType({kind.name: kind for kind in _ALL})

_NOT_OFFERED: Final = {
    "Parallel": "it calls modules side by side and is none itself: that is what a pipeline does",
    "KNN": "it finds examples and answers nothing: KNNFewShot shows what it finds",
    "Flex": "it runs model-written code in more ways than the sandbox covers",
    "RLM": "it needs an interpreter session that outlives one attempt",
}


def find_kind(name: str) -> ModuleKind:
    """@raises DspexError `module_not_found` with the reason."""
    kind = KINDS.get(name)
    if kind is None:
        reason = _NOT_OFFERED.get(name)
        if reason is None:
            reason = f"there are: {', '.join(KINDS)}"
        raise DspexError("module_not_found", f'no module kind "{name}": {reason}')
    missing = kind.missing()
    if missing is not None:
        raise DspexError("module_not_found", f'module kind "{name}" cannot run here: {missing}')
    return kind
