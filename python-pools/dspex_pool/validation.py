"""What a program's validators say of an attempt's outputs. Long ones are looked at in a thread."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

import anyio.to_thread

from dspex.messages import Validator
from dspex.validators import check_outputs
from dspex.validators.check_outputs import reads_inputs

LONG_BYTES: Final = 4_096
"""Of inputs and outputs as JSON."""


async def validation_of(
    validators: Sequence[Validator],
    inputs: tuple[dict[str, Any], int],
    outputs: tuple[dict[str, Any], int],
) -> dict[str, Any]:
    """Values as they travel, each with its bytes as JSON. @raises DspexError `output_invalid`"""
    read = any(reads_inputs(one) for one in validators)
    check = functools.partial(check_outputs, validators, inputs[0], outputs[0])
    if outputs[1] + (inputs[1] if read else 0) <= LONG_BYTES:
        return check()
    return await anyio.to_thread.run_sync(check, abandon_on_cancel=True)
