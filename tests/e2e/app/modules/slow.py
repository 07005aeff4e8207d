"""A user's module for the end-to-end tests: takes its time, and says in which process."""

import os
import time

import dspex


@dspex.program("slow", signature="seconds: float -> slept: float, pid: int")
def slow(seconds: float) -> dict[str, object]:
    """Sleeps; the second delivery of the same work in another process answers with that one's number."""
    time.sleep(seconds)
    return {"slept": seconds, "pid": os.getpid()}


@dspex.program("words", signature="text: str -> count: int")
def words(text: str) -> dict[str, object]:
    """Counts words; announced by the pool, declared nowhere else."""
    return {"count": len(text.split())}
