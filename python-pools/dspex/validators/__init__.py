"""Validators: what a text or a JSON value is held to, as in services/native/modules/validators. Pools run
those of a program's definition over its outputs; modules may use them for themselves.
"""

from __future__ import annotations

from .check_outputs import check_outputs
from .checks import every, some, validate
from .json_text import read_json
from .language import detect_language
from .pii import locate_pii, redact_pii
from .schema import check_schema
from .verdict import Verdict

__all__ = [
    "Verdict",
    "check_outputs",
    "check_schema",
    "detect_language",
    "every",
    "locate_pii",
    "read_json",
    "redact_pii",
    "some",
    "validate",
]
