"""Calls a minute: counted for all processes together, never more than the limit, and the wait ends."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from triage.accounts.rates import Rates
from triage.database import Database, open_database
from triage.models import RateCount
from triage.settings import Settings

MINUTE = 60.0 * 29_000_000


@pytest.fixture
def others(settings: Settings, database: Database) -> Iterator[list[Rates]]:
    """Three processes over the same database."""
    opened = [open_database(settings) for _ in range(3)]
    yield [Rates(each) for each in opened]
    for each in opened:
        each.close()


def test_processes_together_stay_within_the_limit_and_nearly_reach_it(others: list[Rates]) -> None:
    taken = sum(others[number % 3].take("key:1", 500, MINUTE + number / 100) == 0 for number in range(1_500))
    assert 470 <= taken <= 500
    assert all(rates.take("key:2", 500, MINUTE) == 0 for rates in others)


def test_the_wait_that_is_told_is_enough(database: Database) -> None:
    rates, moment, taken = Rates(database), MINUTE, []
    while moment < MINUTE + 300:
        wait = rates.take("key:1", 10, moment)
        if not wait:
            taken.append(moment)
        assert wait <= 60
        moment += wait or 0.01
    assert 40 <= len(taken) <= 60
    assert max(sum(start <= one < start + 60 for one in taken) for start in taken) <= 11  # the window slides


def test_most_calls_ask_no_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, run = [], database.run_now
    monkeypatch.setattr(database, "run_now", lambda work: (asked.append(1), run(work))[1])
    rates = Rates(database)
    assert not any(rates.take("key:1", 6_000, MINUTE) for _ in range(1_000)) and len(asked) <= 10
    with database.read() as session:
        assert session.exec(select(RateCount.count)).all() == [1_080]


def test_no_limit_is_no_limit(database: Database) -> None:
    rates = Rates(database)
    assert not any(rates.take("key:1", 0, MINUTE) for _ in range(50))
