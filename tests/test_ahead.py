"""Work ahead of people is done behind them, the newest wish of each alone, and harms nobody when it fails."""

from collections.abc import Iterator
from functools import partial
from threading import Event

import pytest

from triage.ahead import Ahead


@pytest.fixture
def ahead() -> Iterator[Ahead]:
    worker = Ahead()
    yield worker
    worker.close()


def test_of_what_one_tab_wanted_meanwhile_only_the_newest_is_done(ahead: Ahead) -> None:
    begun, go_on, ended = Event(), Event(), Event()
    done: list[str] = []
    ahead.want("a", lambda: (begun.set(), go_on.wait(10)))
    assert begun.wait(10)
    for number in range(3):
        ahead.want("a", partial(done.append, f"a{number}"))
    ahead.want("b", lambda: done.append("b"))
    ahead.want("c", ended.set)
    go_on.set()
    assert ended.wait(10) and done == ["a2", "b"]


def test_a_failure_stops_nothing(ahead: Ahead) -> None:
    ended = Event()
    ahead.want("a", lambda: 1 / 0)
    ahead.want("b", ended.set)
    assert ended.wait(10)


def test_what_waits_at_the_end_is_dropped() -> None:
    ahead = Ahead()
    begun, go_on, done = Event(), Event(), list[str]()
    ahead.want("a", lambda: (begun.set(), go_on.wait(0.2)))
    assert begun.wait(10)
    ahead.want("b", lambda: done.append("b"))
    ahead.close()
    ahead.want("c", lambda: done.append("c"))  # a screen that is drawn while the desk closes
    assert not done
