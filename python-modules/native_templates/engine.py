"""python-liquid, cut down to what templates are for, as LiquidJS is in TypeScript."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TextIO

from liquid import DictLoader, Environment, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.output import LimitedStringIO
from liquid.token import TOKEN_OUTPUT
from liquid.undefined import FalsyStrictUndefined

from .filters import FILTERS
from .values import defined, escape_for, text_of

TAGS: Final = ("assign", "if", "unless", "case", "for", "break", "continue", "comment", "render", "#")
# What templates are made of; a raw block is one of text.
PARTS: Final = ("content", "illegal")
MAX_LOOPS: Final = 100_000
MAX_OUTPUT_BYTES: Final = 4_000_000
MAX_DEPTH: Final = 16


class Missing(FalsyStrictUndefined):
    """What is not there: a condition may ask, anything else fails."""

    __slots__ = ()


def _environment_for(target: str, partials: Mapping[str, str]) -> Environment:
    class Node(OutputNode):
        def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
            value = defined(self.expression.evaluate(context))
            if isinstance(value, range):
                value = list(value)
            return buffer.write(text_of(value) if self._is_raw() else escape_for(target, value))

        def _is_raw(self) -> bool:
            filters: Any = getattr(self.expression, "filters", None)
            return bool(filters) and filters[-1].name == "raw"

    class Statement(Output):
        node_class = Node

    class Strict(Environment):
        loop_iteration_limit = MAX_LOOPS
        output_stream_limit = MAX_OUTPUT_BYTES
        context_depth_limit = MAX_DEPTH
        block_nesting_limit = 1_000
        suppress_blank_control_flow_blocks = False

    environment = Strict(loader=DictLoader(dict(partials)), undefined=Missing)
    tags = {name: environment.tags[name] for name in (*TAGS, *PARTS)}
    environment.tags = {**tags, TOKEN_OUTPUT: Statement(environment)}
    environment.filters = {**FILTERS, "raw": text_of}
    return environment


@lru_cache(maxsize=8)
def plain_environment(target: str) -> Environment:
    return _environment_for(target, {})


@lru_cache(maxsize=256)
def _compiled(source: str, target: str) -> Any:
    return plain_environment(target).from_string(source)


def render(source: str, values: Mapping[str, Any], target: str, partials: Mapping[str, str]) -> str:
    if partials:
        template: Any = _environment_for(target, partials).from_string(source)
    else:
        template = _compiled(source, target)
    buffer = LimitedStringIO(limit=MAX_OUTPUT_BYTES)
    # In the template's own scope, not as what is known everywhere: partials see only what they are given.
    template.render_with_context(RenderContext(template), buffer, values)
    return buffer.getvalue()
