"""What an attempt counts to which part of its time."""

from __future__ import annotations

import threading
import time

from dspex_pool.part_times import PartTimes


def test_calls_of_models_one_after_the_other_add_up() -> None:
    times = PartTimes()
    for _ in range(2):
        with times.model_call():
            time.sleep(0.02)
    assert times.model_s >= 0.04


def test_calls_of_models_side_by_side_count_once() -> None:
    times = PartTimes()
    both = threading.Barrier(2)

    def call() -> None:
        with times.model_call():
            both.wait()
            time.sleep(0.05)
            both.wait()

    threads = [threading.Thread(target=call) for _ in range(2)]
    began_at = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.05 <= times.model_s <= time.perf_counter() - began_at


def test_code_is_what_is_left_of_its_time_beside_the_model() -> None:
    times = PartTimes()
    began_at = time.perf_counter()
    with times.code():
        time.sleep(0.02)
        with times.model_call():
            time.sleep(0.05)
    took_s = time.perf_counter() - began_at
    assert times.code_s >= 0.02
    assert times.model_s >= 0.05
    assert times.code_s + times.model_s <= took_s


def test_a_call_that_goes_on_counts_until_now() -> None:
    times = PartTimes()
    with times.model_call():
        time.sleep(0.01)
        assert times.parts().model_ms >= 10
    assert times.parts().code_ms == 0
