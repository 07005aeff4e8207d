"""What tells two requests with one id apart, equal to schemas/envelope/request-hash.ts."""

from __future__ import annotations

import hashlib
from typing import Any

from dspex.wire_json import canonical_json


def request_hash(program: str, inputs: dict[str, Any], options: dict[str, Any]) -> str:
    """Hex SHA-256 of the canonical JSON (RFC 8785) of `{program, inputs, options}`, each in its wire form.

    `options` are as they were sent: a default that is left out is not the same as one that is written.
    """
    canonical = canonical_json({"program": program, "inputs": inputs, "options": options})
    return hashlib.sha256(canonical.encode()).hexdigest()
