"""Logs as JSON lines on standard error, each with the request and trace that it belongs to, and without
keys.
"""

from __future__ import annotations

import io
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Final

import msgspec

from dspex_pool.attempt_context import running_attempt
from dspex_pool.redact import Redactor

MAX_MESSAGE_CHARACTERS: Final = 8_192
# DSPy prints these, with the model's text in them.
_NOISE: Final = ("BestOfN: Attempt", "Refine: Attempt")


class JsonLines(logging.Formatter):
    def __init__(self, fields: dict[str, str], redact: Redactor) -> None:
        super().__init__()
        self._fields = fields
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage())[:MAX_MESSAGE_CHARACTERS],
            **self._fields,
        }
        attempt = running_attempt()
        if attempt is not None:
            line["requestId"] = attempt.request_id
            line["attempt"] = attempt.attempt
            if attempt.traceparent is not None:
                _, line["traceId"], line["spanId"], *_ = attempt.traceparent.split("-")
        if record.exc_info is not None and record.exc_info[1] is not None:
            line["errorType"] = type(record.exc_info[1]).__name__
            line["stack"] = self._redact("".join(traceback.format_tb(record.exc_info[2])))
        return msgspec.json.encode(line).decode()


class PrintedLines(io.TextIOBase):
    """Standard output of users' code becomes log lines: nobody reads the pool's own."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("dspex.print")
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                level = logging.DEBUG if line.startswith(_NOISE) else logging.INFO
                self._logger.log(level, "%s", line)
        return len(text)


def configure_logs(level: str, redact: Redactor, **fields: str) -> None:
    """Again with other fields when a spare takes a name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(fields, redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    logging.getLogger("dspex").setLevel(level.upper())
    if not isinstance(sys.stdout, PrintedLines):
        sys.stdout = PrintedLines()
