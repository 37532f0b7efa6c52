"""What runs have in common is there for each of them, whoever else rolls back, waits or sweeps at the same time."""

import hashlib
import threading

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from tests.desks import recorder_of, ticket
from triage.database import Database
from triage.models import CommonPremise, RunPremise, now
from triage.premises import Noted
from triage.runs import start_run

CONTENT = b'{"version": 1}'


@pytest.fixture
def runs(database: Database) -> list[str]:
    with database.transaction() as session:
        row = ticket(session)
        return [start_run(session, recorder_of([]), row) for _ in range(2)]


def _noted(run_id: str) -> Noted:
    return Noted(run_id, now(), hashlib.sha256(CONTENT).hexdigest(), CONTENT, {"run": run_id})


def _kept(database: Database) -> tuple[list[str], set[str]]:
    with database.read() as session:
        return list(session.exec(select(CommonPremise.digest))), set(session.exec(select(RunPremise.run_id)))


def test_a_run_that_rolled_back_takes_nothing_from_the_next(database: Database, runs: list[str]) -> None:
    def fail(session: Session) -> None:
        _noted(runs[0]).keep(session)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        database.run_now(fail)
    database.run_now(_noted(runs[1]).keep)
    assert _kept(database) == ([_noted("").digest], {runs[1]})


def test_what_was_swept_away_is_stored_again(database: Database, runs: list[str]) -> None:
    database.run_now(_noted(runs[0]).keep)
    database.run_now(lambda session: [session.execute(delete(table)) for table in (RunPremise, CommonPremise)])
    database.run_now(_noted(runs[1]).keep)
    assert _kept(database) == ([_noted("").digest], {runs[1]})


@pytest.mark.parametrize("rolls_back", [False, True])
def test_two_runs_that_begin_at_once_share_what_they_have_in_common(
    database: Database, runs: list[str], rolls_back: bool
) -> None:
    second = threading.Thread(target=database.run_now, args=(_noted(runs[1]).keep,))
    with database.transaction() as session:
        _noted(runs[0]).keep(session)
        second.start()
        second.join(0.3)
        if rolls_back:
            session.rollback()
    second.join(20)
    assert _kept(database) == ([_noted("").digest], {runs[1]} if rolls_back else set(runs))
