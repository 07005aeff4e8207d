"""Where the time of one attempt goes, by a clock that nobody sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Parts:
    """Milliseconds, none of them counted twice."""

    """For a slot of the pool."""
    wait_ms: float = 0.0
    """Work and inputs, whose check is the same pass."""
    decode_ms: float = 0.0
    """Outputs; the same pass makes them JSON's values."""
    validate_ms: float = 0.0
    """At least one call of a model was under way."""
    model_ms: float = 0.0
    """Making the module ready, and running it, without its calls of models."""
    code_ms: float = 0.0
    """Outputs as JSON."""
    encode_ms: float = 0.0


class PartTimes:
    """Added to by the attempt's task alone, but for calls of models, which come from threads, too."""

    def __init__(self) -> None:
        self.wait_s = 0.0
        self.decode_s = 0.0
        self.validate_s = 0.0
        self.code_s = 0.0
        self.encode_s = 0.0
        self._lock = Lock()
        self._calls = 0
        self._called_at = 0.0
        self._model_s = 0.0

    @contextmanager
    def model_call(self) -> Iterator[None]:
        """Calls side by side count once."""
        with self._lock:
            if self._calls == 0:
                self._called_at = perf_counter()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if self._calls == 0:
                    self._model_s += perf_counter() - self._called_at

    @property
    def model_s(self) -> float:
        """Until now: a thread that was abandoned may still be calling."""
        with self._lock:
            return self._model_s + (perf_counter() - self._called_at if self._calls > 0 else 0.0)

    @contextmanager
    def code(self) -> Iterator[None]:
        """What happens in it, but for calls of models, is the attempt's own code."""
        began_at, model_s = perf_counter(), self.model_s
        try:
            yield
        finally:
            took_s = perf_counter() - began_at
            self.code_s += max(0.0, took_s - (self.model_s - model_s))

    def parts(self) -> Parts:
        return Parts(
            wait_ms=_ms(self.wait_s),
            decode_ms=_ms(self.decode_s),
            validate_ms=_ms(self.validate_s),
            model_ms=_ms(self.model_s),
            code_ms=_ms(self.code_s),
            encode_ms=_ms(self.encode_s),
        )


def _ms(duration_s: float) -> float:
    """Microseconds are plenty."""
    return round(duration_s * 1_000, 3)
