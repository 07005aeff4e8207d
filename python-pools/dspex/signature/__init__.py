"""Signatures: their text, their syntax tree, their values, and what DSPy makes of them.

`dspy_bridge` is imported by whoever runs DSPy; everything here starts without it.
"""

from .ast import (
    ABSENT,
    BytesType,
    DictType,
    Field,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    ObjectType,
    OptionalType,
    PlainType,
    Signature,
    StrType,
    Type,
)
from .ast_from_json import signature_from_json
from .ast_json import signature_to_json
from .errors import Problem, SignatureError, SignatureProblem, ValuesError
from .formatter import format_signature, format_type, signature_hash
from .media import ImageReference
from .parser import parse_signature
from .values import decode_inputs, decode_outputs, encode_inputs, encode_outputs

__all__ = [
    "ABSENT",
    "BytesType",
    "DictType",
    "Field",
    "FloatType",
    "ImageReference",
    "IntType",
    "ListType",
    "LiteralType",
    "ObjectType",
    "OptionalType",
    "PlainType",
    "Problem",
    "Signature",
    "SignatureError",
    "SignatureProblem",
    "StrType",
    "Type",
    "ValuesError",
    "decode_inputs",
    "decode_outputs",
    "encode_inputs",
    "encode_outputs",
    "format_signature",
    "format_type",
    "parse_signature",
    "signature_from_json",
    "signature_hash",
    "signature_to_json",
]
