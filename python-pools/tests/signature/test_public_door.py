"""What others may import, and what that costs them."""

from __future__ import annotations

import subprocess
import sys
import timeit

import dspex.signature
from dspex.signature import decode_inputs, encode_outputs, parse_signature


def test_the_door_holds_these_names():
    assert sorted(dspex.signature.__all__) == [
        "ABSENT", "BytesType", "DictType", "Field", "FloatType", "ImageReference", "IntType", "ListType",
        "LiteralType", "ObjectType", "OptionalType", "PlainType", "Problem", "Signature",
        "SignatureError", "SignatureProblem", "StrType", "Type", "ValuesError", "decode_inputs",
        "decode_outputs", "encode_inputs", "encode_outputs", "format_signature", "format_type",
        "parse_signature",
        "signature_from_json", "signature_hash", "signature_to_json",
    ]  # fmt: skip
    assert all(hasattr(dspex.signature, name) for name in dspex.signature.__all__)


def test_a_client_starts_without_dspy():
    heavy = "[name for name in ('dspy', 'pydantic', 'litellm') if name in sys.modules]"
    program = f"import sys, dspex.signature, dspex.wire_json; sys.exit({heavy} != [])"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_small_signature_costs_microseconds():
    signature = parse_signature(
        "question: str, context: list[str] -> answer: str, confidence: float(ge=0, le=1)"
    )
    inputs = {"question": "what?", "context": ["a", "b", "c"]}
    outputs = {"answer": "x", "confidence": 0.5}
    decode = min(timeit.repeat(lambda: decode_inputs(signature, inputs), number=200, repeat=20)) / 200
    encode = min(timeit.repeat(lambda: encode_outputs(signature, outputs), number=200, repeat=20)) / 200
    # 1.5 and 2 microseconds where nothing else runs.
    assert decode < 20e-6
    assert encode < 20e-6
