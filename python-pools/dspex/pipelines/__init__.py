"""Pipelines: stages that refer to each other's outputs, built here, run by the system; see `dspex.client` for
running them.
"""

from dspex.pipelines.graph import Graph
from dspex.pipelines.options import Retry, undo
from dspex.pipelines.pipeline import Pipeline, PipelineBuilder, pipeline
from dspex.pipelines.program_type import ProgramType, program
from dspex.pipelines.reference import Expression, Outputs, Ref, all_of, any_of, expr, length, not_
from dspex.pipelines.values import first

__all__ = [
    "Expression",
    "Graph",
    "Outputs",
    "Pipeline",
    "PipelineBuilder",
    "ProgramType",
    "Ref",
    "Retry",
    "all_of",
    "any_of",
    "expr",
    "first",
    "length",
    "not_",
    "pipeline",
    "program",
    "undo",
]
