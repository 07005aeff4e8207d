"""Asks again with advice made from what was wrong with the answer before."""

from __future__ import annotations

import dspy

from dspex_pool.modules.kind import ModuleSpec
from dspex_pool.modules.rewarded import build_rewarded


class RefineKind:
    name = "Refine"
    # It has no asynchronous form.
    blocking = True
    # It counts its failures down over the calls of its whole life.
    per_call = True

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        return build_rewarded(self.name, dspy.Refine, spec)
