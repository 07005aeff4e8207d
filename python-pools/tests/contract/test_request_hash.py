"""The request hash against the table that TypeScript reads too (tests/contract/request-hash.test.ts)."""

from pathlib import Path

import pytest

from dspex.request_hash import request_hash
from dspex.wire_json import canonical_json, loads

CASES = loads((Path(__file__).parents[3] / "schemas" / "fixtures" / "request-hash.json").read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_request_hash(case):
    asked = {"program": case["program"], "inputs": case["inputs"], "options": case["options"]}
    assert canonical_json(asked) == case["canonical"]
    assert request_hash(**asked) == case["hash"]
