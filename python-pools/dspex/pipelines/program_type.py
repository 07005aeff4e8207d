"""A program or pipeline by its name and types: what a stage needs to know before anything is connected."""

from __future__ import annotations

from dataclasses import dataclass

from dspex.errors import DspexError
from dspex.signature import Signature, SignatureProblem, parse_signature
from dspex.subjects import token


@dataclass(frozen=True, slots=True)
class ProgramType:
    name: str
    # None: nothing is known of its inputs and outputs.
    signature: Signature | None = None

    @property
    def outputs(self) -> tuple[str, ...] | None:
        return None if self.signature is None else tuple(field.name for field in self.signature.outputs)

    @property
    def inputs(self) -> tuple[str, ...] | None:
        return None if self.signature is None else tuple(field.name for field in self.signature.inputs)


def program(name: str, signature: str | Signature | None = None) -> ProgramType:
    """Without a signature nothing is checked here; the service does, when the pipeline is run."""
    return ProgramType(token(name, "program"), None if signature is None else signature_of(signature))


def signature_of(text_or_signature: str | Signature) -> Signature:
    if isinstance(text_or_signature, Signature):
        return text_or_signature
    try:
        return parse_signature(text_or_signature)
    except SignatureProblem as error:
        raise DspexError("invalid_inputs", str(error), path="signature") from error
