"""The twins of the native programs `validate`, `repair-json` and `redact-pii`: what they find in Python,
for comparison of the two languages.
"""

from __future__ import annotations

from typing import Any

import dspex
from dspex.validators import every, locate_pii, read_json, redact_pii, validate


@dspex.program(
    "validate",
    signature="""value: Any,
    checks: list[dict](min_length=1, max_length=64) "such as {check: length, unit: words, max: 100}"
    -> valid: bool,
    score: float(ge=0, le=1) | None "share of what was looked at that is right",
    problems: list[{path: str, message: str, span: {start: int, end: int} | None "in code points"}]""",
)
def validate_value(value: Any, checks: list[dict[str, Any]]) -> dict[str, Any]:
    """Checks a text or JSON value: JSON, schema, length, pattern, PII, quotes, citations, arithmetic."""
    return every([validate(value, check) for check in checks])


@dspex.program(
    "repair-json",
    signature="""text: str,
    want: Literal["any", "object", "list"] = "any",
    repair: bool = True "or only what is JSON already"
    -> value: Any, how: Literal["whole", "extracted", "repaired"]""",
)
def repair_json(text: str, want: str, repair: bool) -> dict[str, Any]:
    """Finds the JSON in a text, with words around it or broken, and gives its value."""
    value, how = read_json(text, want, repair=repair)
    return {"value": value, "how": how}


@dspex.program(
    "redact-pii",
    signature="""value: Any "a text, or a JSON value with texts",
    kinds: list[Literal["email", "iban", "card", "ssn", "ip", "phone"]]
      = ["email", "iban", "card", "ssn", "ip", "phone"],
    allow: list[str] = [] "what may stay, as written"
    -> redacted: Any,
    found: list[{path: str, kind: Literal["email", "iban", "card", "ssn", "ip", "phone"],
      start: int "in code points", end: int}]""",
)
def redact(value: Any, kinds: list[str], allow: list[str]) -> dict[str, Any]:
    """Replaces e-mail addresses, account, card, phone and social security numbers, IP addresses."""
    return {"redacted": redact_pii(value, kinds, allow), "found": locate_pii(value, kinds, allow)}
