"""What users' programs keep of sessions in this process, bounded. It is lent to one attempt at a time, and
comes back only when that attempt has succeeded: so it is always as one turn has left it, and good for the
turn right after that one alone.

attempt ─▶ kept, as the turn before left it? ─yes─▶ that
                                             └no─▶ made from the session's turns
succeeded ─▶ kept under the id of its request        failed ─▶ gone
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from dspex.warm_state import Turns
from dspex_pool.attempt_context import AttemptContext, WarmKey, running_attempt

"""States in one process; the least recently used is forgotten, and made again when it is needed."""
MAX_WARM_STATES: Final = 256
"""A state that no turn has used for so long is forgotten."""
MAX_IDLE_S: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class _Kept:
    state: Any
    """Request of the turn that has left it so."""
    turn: str
    at: float


class WarmStates:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[WarmKey, _Kept] = OrderedDict()
        self._clock = clock
        self._lock = Lock()

    def __call__(self, build: Callable[[Turns], Any], name: str) -> Any:
        """For the attempt that the calling code belongs to."""
        attempt = running_attempt()
        if attempt is None or attempt.session is None:
            return build([])
        key = (attempt.user, attempt.session, attempt.program, attempt.version, name)
        if key not in attempt.warm:
            with self._lock:
                kept = self._kept.pop(key, None)
            is_good = kept is not None and kept.turn == attempt.previous_turn and not self._is_old(kept)
            attempt.warm[key] = kept.state if kept is not None and is_good else build(attempt.turns)
        return attempt.warm[key]

    def keep(self, attempt: AttemptContext) -> None:
        """The attempt has succeeded."""
        if not attempt.warm:
            return
        with self._lock:
            for key, state in attempt.warm.items():
                self._kept[key] = _Kept(state, attempt.request_id, self._clock())
            oldest = next(iter(self._kept.values()))
            while len(self._kept) > MAX_WARM_STATES or self._is_old(oldest):
                self._kept.popitem(last=False)
                oldest = next(iter(self._kept.values()))

    def __len__(self) -> int:
        return len(self._kept)

    def _is_old(self, kept: _Kept) -> bool:
        return self._clock() - kept.at > MAX_IDLE_S
