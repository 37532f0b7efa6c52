"""A bell: who waits is woken when it is rung, looks that follow each other leave a pause, and stopping ends every wait."""

import threading
import time

from triage.bell import Bell


def _waits(bell: Bell, timeout: float) -> float:
    began = time.monotonic()
    bell.wait(timeout)
    return time.monotonic() - began


def test_one_who_waits_is_woken_and_the_next_wait_begins_anew() -> None:
    bell = Bell()
    threading.Timer(0.1, bell.ring).start()
    assert _waits(bell, 30) < 20
    assert _waits(bell, 0.2) >= 0.19


def test_a_ring_while_nobody_waits_is_heard_at_the_next_wait_and_several_count_once() -> None:
    bell = Bell()
    bell.ring(), bell.ring()
    assert _waits(bell, 30) < 20
    assert _waits(bell, 0.2) >= 0.19


def test_a_long_look_is_followed_by_a_pause_of_a_tenth_of_a_second_at_most() -> None:
    bell = Bell()
    bell.wait(0)
    time.sleep(0.05)  # a look
    bell.ring()
    assert 0.09 <= _waits(bell, 30) < 20


def test_stopping_ends_a_wait_and_its_pause_and_every_wait_after_it() -> None:
    bell = Bell()
    assert not bell.wait(0)
    threading.Timer(0.1, bell.set).start()
    assert _waits(bell, 30) < 20
    assert _waits(bell, 30) < 20 and bell.is_set()
