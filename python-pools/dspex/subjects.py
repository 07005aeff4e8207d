"""The only place in Python where a subject, stream, consumer or bucket name is spelled: the mirror of
schemas/subjects.ts, held equal by schemas/fixtures/subjects.json. Builders check their tokens, so a value
from outside can never widen a subject with a dot or a wildcard.
"""

from __future__ import annotations

import json
import re
from typing import Final, Literal, NamedTuple

from dspex.errors import DspexError

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Names that a user or connection token may not take: each has a meaning of its own in ids.
RESERVED_TOKENS: Final = frozenset({"x", "log", "p", "o", "t", "shared"})


def is_token(value: str) -> bool:
    return _TOKEN.fullmatch(value) is not None


def token(value: str, what: str) -> str:
    """Returns `value` when it is a subject token, else raises `invalid_inputs` quoting it."""
    if not is_token(value):
        quoted = json.dumps(value[:80], ensure_ascii=False)
        raise DspexError("invalid_inputs", f"{what} {quoted} is not a token [A-Za-z0-9_-]{{1,64}}")
    return value


LOG_STREAM: Final = "DSPEX"
TIMER_STREAM: Final = "DSPEX_TIMER"
CHUNK_STREAM: Final = "DSPEX_CHUNK"
VALUE_BUCKET: Final = "DSPEX_VALUE"
ARTIFACT_BUCKET: Final = "DSPEX_ARTIFACT"


def snapshot_bucket(service: str) -> str:
    """Object bucket that holds the snapshots of one service, e.g. `DSPEX_SNAPSHOT_ROUTER`."""
    return f"DSPEX_SNAPSHOT_{token(service, 'service').upper().replace('-', '_')}"


LOG_SUBJECTS: Final = ("dspex.request.>", "dspex.work.>", "dspex.result.>", "dspex.event.>")
TIMER_SUBJECTS: Final = ("dspex-schedule.>", "dspex-timer.>")
CHUNK_SUBJECTS: Final = ("dspex-chunk.>",)


class Republish(NamedTuple):
    source: str
    destination: str


RESULT_REPUBLISH: Final = Republish("dspex.result.>", "dspex-live.result.>")

# ── the log ───────────────────────────────────────────────────────────────────────────────────────────────


def request_subject(user: str, program: str) -> str:
    return f"dspex.request.{token(user, 'user')}.{token(program, 'program')}"


def work_subject(pool: str, worker: str = "any") -> str:
    """Subject of work that any worker of the pool may take."""
    return f"dspex.work.{token(pool, 'pool')}.{token(worker, 'worker')}"


def result_subject(request_id: str) -> str:
    """`request_id` has three tokens, checked by `parse_request_id` before it gets here."""
    return f"dspex.result.{request_id}"


def request_event_subject(verb: str) -> str:
    return f"dspex.event.request.{verb}"


ATTEMPT_FAILED_SUBJECT: Final = "dspex.event.attempt.failed"


def program_event_subject(name: str, verb: str) -> str:
    return f"dspex.event.program.{token(name, 'program')}.{verb}"


def optimization_event_subject(run: str, verb: str) -> str:
    """The trials of one optimisation are on one subject, in order."""
    return f"dspex.event.optimization.{token(run, 'run')}.{verb}"


def worker_event_subject(verb: str) -> str:
    return f"dspex.event.worker.{verb}"


def id_of_result_subject(subject: str) -> str:
    """The id in a result's subject."""
    return subject[len("dspex.result.") :]


def id_of_live_result_subject(subject: str) -> str:
    return subject[len("dspex-live.result.") :]


class RequestOf(NamedTuple):
    user: str
    program: str
    kind: Literal["request"] = "request"


class WorkOf(NamedTuple):
    pool: str
    worker: str
    kind: Literal["work"] = "work"


class ResultOf(NamedTuple):
    id: str
    kind: Literal["result"] = "result"


class EventOf(NamedTuple):
    entity: str
    verb: str
    name: str | None = None
    kind: Literal["event"] = "event"


class Unknown(NamedTuple):
    """A later version's subject: folds leave it alone."""

    kind: Literal["unknown"] = "unknown"


LogSubject = RequestOf | WorkOf | ResultOf | EventOf | Unknown


def parse_log_subject(subject: str) -> LogSubject:
    """Takes a subject of the log apart. Never raises: what does not parse is `unknown`."""
    match subject.split("."):
        case ["dspex", "request", user, program]:
            return RequestOf(user, program)
        case ["dspex", "result", user, connection, n]:
            return ResultOf(f"{user}.{connection}.{n}")
        case ["dspex", "work", pool, worker]:
            return WorkOf(pool, worker)
        case ["dspex", "event", "program", name, "feedback", *_]:
            return EventOf("program", "feedback", name)
        case ["dspex", "event", entity, verb]:
            return EventOf(entity, verb)
        case ["dspex", "event", entity, *name, verb] if name:
            return EventOf(entity, verb, ".".join(name))
        case _:
            return Unknown()


# ── off the log ───────────────────────────────────────────────────────────────────────────────────────────


def live_result_subject(request_id: str) -> str:
    return f"dspex-live.result.{request_id}"


def live_results_of(user: str, connection: str) -> str:
    """All live results of one client connection."""
    return f"dspex-live.result.{user}.{connection}.*"


def live_run_subject(user: str, run: str) -> str:
    """Word of a run of a pipeline for whoever waits for it: it has ended, or its service is there again."""
    return f"dspex-live.result.{user}.p.{run}.told"


def chunk_subject(request_id: str) -> str:
    return f"dspex-chunk.{request_id}"


def schedule_subject(kind: str, key: str) -> str:
    return f"dspex-schedule.{token(kind, 'timer kind')}.{token(key, 'timer key')}"


def timer_subject(kind: str, key: str) -> str:
    return f"dspex-timer.{token(kind, 'timer kind')}.{token(key, 'timer key')}"


def beat_subject(pool: str, worker: str) -> str:
    return f"dspex-beat.{token(pool, 'pool')}.{token(worker, 'worker')}"


ALL_BEATS: Final = "dspex-beat.*.*"


def control_subject(pool: str, worker: str) -> str:
    return f"dspex-control.{token(pool, 'pool')}.{token(worker, 'worker')}"


def api_subject(user: str, rest: str) -> str:
    """`rest` = the verb and what follows it, e.g. `call.answer`."""
    return f"dspex-api.{user}.{rest}"


def admin_subject(user: str, rest: str) -> str:
    return f"dspex-admin.{user}.{rest}"


def tool_call_subject(pool: str, program: str) -> str:
    """A pool calls a program as a tool."""
    return f"dspex-tool.{token(pool, 'pool')}.call.{token(program, 'program')}"


def pool_modules_subject(pool: str) -> str:
    """A pool announces its users' modules."""
    return f"dspex-pool.{pool if pool == '*' else token(pool, 'pool')}.modules"


def follow_setup_subject(role: str, n: int | Literal["*"]) -> str:
    """Request to the keeper: make follower `n` of `role` again, from a sequence."""
    return f"dspex-setup.follow.{role}.{n}"


SETUP_INFO_SUBJECT: Final = "dspex-setup.info"

# ── consumers ─────────────────────────────────────────────────────────────────────────────────────────────

ROUTER_REQUESTS_CONSUMER: Final = "work-router-requests"
ROUTER_EVENTS_CONSUMER: Final = "work-router-events"
ROUTER_TIMERS_CONSUMER: Final = "work-router-timers"


def work_consumer(pool: str, worker: str = "any") -> str:
    return f"work-{token(pool, 'pool')}-{token(worker, 'worker')}"


def follow_consumer(role: str, n: int) -> str:
    return f"follow-{role}-{n}"
