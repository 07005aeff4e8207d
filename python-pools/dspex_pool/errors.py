"""What went wrong in an attempt, as the code that callers and the router know.

    DspexError                           its own code
    SignatureProblem ── ValuesError      invalid_inputs · output_invalid
    dspy.DSPyError
    ├── AdapterParseError                output_parse_error
    └── LMError
        ├── ContextWindowExceededError   context_window_exceeded (llama.cpp's is known by its text alone)
        ├── LMRateLimitError             lm_rate_limited, with retryAfterMs
        ├── LMTimeoutError, read timeout lm_timeout
        ├── LMAuthError, not configured  lm_auth
        ├── LMInvalidRequestError, …     lm_rejected
        └── server, transport, garbage   lm_unavailable
    anything else                        internal, with the message only where the code is the user's own

Messages never quote what a provider or a model said: both repeat prompts.
"""

from __future__ import annotations

import re
from typing import Final

import dspy
from dspy.utils.exceptions import (
    AdapterParseError,
    ContextWindowExceededError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMInvalidRequestError,
    LMNotConfiguredError,
    LMRateLimitError,
    LMTimeoutError,
    LMTransportError,
    LMUnsupportedFeatureError,
)
from pydantic import ValidationError

from dspex.error_codes import ErrorCode
from dspex.errors import DspexError
from dspex.messages import WireError
from dspex.signature.errors import ValuesError
from dspex_pool.redact import Redactor

MAX_MESSAGE_CHARACTERS: Final = 1_500
MAX_USER_MESSAGE_CHARACTERS: Final = 500
MAX_PROBLEMS: Final = 5
MAX_CAUSES: Final = 8
_CONTEXT_TEXT = re.compile(r"context (?:size|length|window)|maximum context|too many tokens", re.IGNORECASE)


def classify(error: BaseException, *, users_code: bool = False) -> DspexError:
    """`users_code`: the attempt ran a user's own module, whose exceptions' texts are its author's."""
    if isinstance(error, DspexError):
        return error
    if isinstance(error, ValuesError):
        details = {"problems": [problem.to_json() for problem in error.problems]}
        return DspexError(error.code, str(error), path=error.problems[0].path, details=details)
    if isinstance(error, AdapterParseError):
        return DspexError("output_parse_error", _parse_message(error))
    if isinstance(error, LMError):
        return _lm_error(error)
    if isinstance(error, dspy.DSPyError):
        return DspexError("internal", f"dspy: {type(error).__name__}")
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return classify(error.exceptions[0], users_code=users_code)
    name = type(error).__name__
    if users_code:
        return DspexError("internal", f"{name}: {str(error)[:MAX_USER_MESSAGE_CHARACTERS]}")
    return DspexError("internal", f"{name} while the module ran")


def to_wire(error: DspexError, redact: Redactor) -> WireError:
    message = redact(error.message)
    if len(message) > MAX_MESSAGE_CHARACTERS:
        message = f"{message[:MAX_MESSAGE_CHARACTERS]}…"
    return WireError(
        code=error.code,
        message=message,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        path=error.path,
        details=error.details,
    )


def _lm_error(error: LMError) -> DspexError:
    retry_after_ms = None if error.retry_after is None else max(0, int(error.retry_after * 1_000))
    return DspexError(_lm_code(error), _lm_message(error), retry_after_ms=retry_after_ms)


def _lm_code(error: LMError) -> ErrorCode:
    if isinstance(error, ContextWindowExceededError):
        return "context_window_exceeded"
    if isinstance(error, LMInvalidRequestError) and _is_context_overflow(error):
        return "context_window_exceeded"
    if isinstance(error, LMRateLimitError):
        return "lm_rate_limited"
    if isinstance(error, LMTimeoutError) or (isinstance(error, LMTransportError) and _timed_out(error)):
        return "lm_timeout"
    if isinstance(error, LMAuthError | LMNotConfiguredError):
        return "lm_auth"
    if isinstance(
        error, LMBillingError | LMInvalidRequestError | LMUnsupportedFeatureError | LMConfigurationError
    ):
        return "lm_rejected"
    return "lm_unavailable"


def _lm_message(error: LMError) -> str:
    model = (error.model or "").partition("/")[2] or error.model or "the model"
    parts = [f'model "{model}": {error.code}']
    if error.status is not None:
        parts.append(f"status {error.status}")
    if error.provider_code and error.provider_code != str(error.status):
        parts.append(f"code {error.provider_code}")
    if error.request_id:
        parts.append(f"request {error.request_id}")
    return ", ".join(parts)


def _is_context_overflow(error: LMInvalidRequestError) -> bool:
    return error.provider_code == "exceed_context_size_error" or bool(_CONTEXT_TEXT.search(error.message))


def _timed_out(error: BaseException) -> bool:
    cause: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if cause is None:
            return False
        # A refused or slow connection is an absent server; a slow answer is a timeout.
        if type(cause).__name__ in ("ReadTimeout", "WriteTimeout", "TimeoutError"):
            return True
        cause = cause.__cause__
    return False


def _parse_message(error: AdapterParseError) -> str:
    wanted = ", ".join(error.signature.output_fields)
    size = len(error.lm_response or "")
    text = f"{error.adapter_name} found no [{wanted}] in the model's answer of {size} characters"
    if error.parsed_result is not None:
        text += f", only [{', '.join(error.parsed_result)}]"
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        problems = [
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['type']}"
            for problem in cause.errors(include_input=False, include_url=False)[:MAX_PROBLEMS]
        ]
        text += f" ({'; '.join(problems)})"
    return text
