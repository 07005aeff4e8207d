"""Which attempt the running code belongs to: a context variable that tasks and threads of the attempt
inherit, and a setting of DSPy for the threads of `dspy.Parallel`, which inherit no more than those.

Models ask it before each call: an attempt that is over, abandoned in a thread, buys no further answer.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import dspy
from opentelemetry.trace import Span

from dspex.error_codes import ErrorCode
from dspex.errors import DspexError
from dspex_pool.part_times import PartTimes
from dspex_pool.usage import AttemptUsage

"""User, session, program, version, and the name that the program gave it."""
WarmKey = tuple[str, str, str, str, str]


@dataclass(slots=True)
class AttemptContext:
    user: str
    request_id: str
    attempt: int
    """Of the work in the log: whoever is called on its behalf finds it there."""
    work_sequence: int
    usage: AttemptUsage
    """Wall clock, seconds: the request's deadline or the implementation's own limit, whichever is first."""
    ends_at: float
    """What being later than that is called."""
    late: ErrorCode = "deadline_exceeded"
    traceparent: str | None = None
    """Span that the attempt's calls hang below."""
    span: Span | None = None
    """Set once the attempt is over, with what ended it."""
    over: ErrorCode | None = None
    """What runs is a user's own code, whose exceptions' texts are its author's to read."""
    users_code: bool = False
    """Name of the session that the attempt is a turn of."""
    session: str | None = None
    """Slot of the model's server that its session's calls used."""
    slot: int | None = None
    program: str = ""
    implementation: str = ""
    version: str = ""
    """Turns of the session before, `{inputs, outputs}`, values in place of references; oldest first."""
    turns: list[dict[str, Any]] = field(default_factory=list)
    """Request of the newest of them."""
    previous_turn: str | None = None
    """What users' code has of the session in this attempt."""
    warm: dict[WarmKey, Any] = field(default_factory=dict)
    """Values of variables, for users' own code."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """How often each call of a program was made, by a hash of its program and inputs."""
    calls: Counter[bytes] = field(default_factory=Counter)
    """The last error of a model call: modules that try several times keep it to themselves."""
    last_model_error: BaseException | None = None
    times: PartTimes = field(default_factory=PartTimes)

    def number_of_call(self, program: str, inputs: bytes) -> int:
        """Counted for each program and inputs: a second delivery counts the same, in whatever order calls
        beside each other come.
        """
        key = sha256(b"%s %s" % (program.encode(), inputs)).digest()
        self.calls[key] += 1
        return self.calls[key]

    def check(self) -> None:
        """@raises DspexError when no further model call may be made."""
        if self.over is not None:
            raise DspexError(self.over, f"attempt {self.attempt} of {self.request_id} is over")
        if time.time() >= self.ends_at:
            raise DspexError(self.late, f"no time is left for {self.request_id}")
        self.usage.check_budget()


current_attempt: ContextVar[AttemptContext | None] = ContextVar("dspex_attempt", default=None)
"""Name of the setting that `dspy.context` is given."""
ATTEMPT_SETTING: Final = "dspex_attempt"


def running_attempt() -> AttemptContext | None:
    return current_attempt.get() or dspy.settings.get(ATTEMPT_SETTING)


def attempt_variables() -> Mapping[str, Any]:
    attempt = running_attempt()
    return {} if attempt is None else attempt.variables
