"""What the clock asks for may be asked twice."""

from datetime import timedelta

from sqlmodel import select

from tests.desks import ticket
from triage import chores
from triage.clock import CRON
from triage.database import Database
from triage.models import Episode, SpanRecord, Status, clock_at, now


def test_every_chore_is_in_the_clock() -> None:
    assert set(CRON) == set(chores.CHORES) | set(chores.LONG)


def test_silence_counts_as_assumed_resolution_after_its_days(database: Database) -> None:
    with database.transaction() as session:
        quiet, fresh = ticket(session), ticket(session, email="b@customer.example")
        for row, age in ((quiet, chores.SILENCE + timedelta(hours=1)), (fresh, timedelta(hours=1))):
            row.status, row.updated_at = Status.DELIVERED, now() - age
    for expected in ("1 tickets resolved", "0 tickets resolved"):
        with database.transaction() as session:
            assert chores.assume_resolved(session) == expected
    with database.read() as session:
        episode = session.get_one(Episode, quiet.episode_id)
        assert episode.resolution == "assumed" and episode.resolved_at
        assert session.get_one(Episode, fresh.episode_id).resolved_at is None


def test_old_spans_go(database: Database) -> None:
    with database.transaction() as session:
        for name, age in (("old", chores.SPANS_KEPT + timedelta(days=1)), ("new", timedelta(days=1))):
            moment = int((now() - age).timestamp() * 1e9)
            session.add(SpanRecord(span_id=name, trace_id="t", name=name, start_ns=moment, end_ns=moment))
    with database.transaction() as session:
        chores.tidy(session)
    with database.read() as session:
        assert session.exec(select(SpanRecord.name)).all() == ["new"]


def test_the_clock_of_the_models_can_be_set(database: Database) -> None:
    moment = now() - timedelta(days=400)
    with clock_at(moment), database.transaction() as session:
        assert ticket(session).created_at == moment
