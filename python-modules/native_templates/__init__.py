"""The twin of the native program `render-template`: the same text by python-liquid, for comparison."""

from __future__ import annotations

from typing import Any

import dspex
from liquid.exceptions import LiquidError

from .engine import render


@dspex.program(
    "render-template",
    signature="""template: str(max_length=65536) "Liquid: {{ name }}, {% if %}, {% for %}",
    values: dict[str, Any],
    target: Literal["text", "html", "xml", "json", "markdown"] = "text" "how values are escaped",
    partials: dict[str, str] = {} "templates that it may render, by name"
    -> text: str""",
)
def render_template(
    template: str, values: dict[str, Any], target: str, partials: dict[str, str]
) -> dict[str, str]:
    """Puts values into a template; a value that is missing is an error."""
    try:
        return {"text": render(template, values, target, partials)}
    # A loop is no value.
    except (LiquidError, TypeError) as error:
        raise dspex.DspexError("invalid_inputs", f"template: {error}") from error
