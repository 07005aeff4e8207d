"""The cases that TypeScript and Python share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "schemas" / "fixtures"


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def cases(name: str) -> list[Any]:
    """`<name>.json` and, where there is one, `extra-<name>.json` of the signatures."""
    extra = FOLDER / "signatures" / f"extra-{name}.json"
    more = load(f"signatures/extra-{name}.json") if extra.exists() else []
    return [*load(f"signatures/{name}.json"), *more]


def case_name(case: Any) -> str | None:
    return case.get("name") if isinstance(case, dict) else None
