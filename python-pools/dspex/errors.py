"""One error class for everything that can be told to a caller; the same words as schemas/errors.ts.

Exception
└── DspexError   code says what happened, retryable says whether the same request may succeed later
"""

from __future__ import annotations

from typing import Any

from dspex.error_codes import ERROR_CODES, ErrorCode
from dspex.messages import WireError


class DspexError(Exception):
    """`path` says where in the message, e.g. `inputs.context[2]`; `details` is any JSON value."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after_ms: int | None = None,
        path: str | None = None,
        details: Any = None,
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.retryable = ERROR_CODES[code].retryable if retryable is None else retryable
        self.retry_after_ms = retry_after_ms
        self.path = path
        self.details = details

    def __str__(self) -> str:
        where = "" if self.path is None else f" (at {self.path})"
        return f"{self.code}: {self.message}{where}"

    def to_wire(self) -> WireError:
        return WireError(
            code=self.code,
            message=self.message,
            retryable=self.retryable,
            retry_after_ms=self.retry_after_ms,
            path=self.path,
            details=self.details,
        )

    @classmethod
    def from_wire(cls, error: WireError) -> DspexError:
        return cls(
            error.code,
            error.message,
            retryable=error.retryable,
            retry_after_ms=error.retry_after_ms,
            path=error.path,
            details=error.details,
        )


def as_dspex_error(raised: BaseException) -> DspexError:
    """Any exception as a `DspexError`; a foreign one becomes `internal` with its message only."""
    if isinstance(raised, DspexError):
        return raised
    error = DspexError("internal", str(raised)[:2_000])
    error.__cause__ = raised
    return error
