"""The audit chain holds on both databases, and notices any change."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from tests import statements
from triage import audit
from triage.database import Database
from triage.models import AuditEvent


def test_a_chain_of_events_verifies(database: Database) -> None:
    with database.transaction() as session:
        for number in range(5):
            audit.append(session, "note", actor="system", number=number, share=0.1 * number, text="ü “quoted”", when=None)
    with database.read() as session:
        assert audit.verify(session) is None


def test_the_chain_goes_on_after_a_savepoint_that_was_taken_back(database: Database) -> None:
    with database.transaction() as session:
        audit.append(session, "note", actor="system", number=1)
        for number in (2, 3):
            with pytest.raises(ZeroDivisionError), session.begin_nested():
                audit.append(session, "note", actor="system", number=number)
                assert 1 / 0
            with session.begin_nested():
                audit.append(session, "note", actor="system", number=10 * number)
                audit.append(session, "note", actor="system", number=11 * number)
        audit.append(session, "note", actor="system", number=4)
    with database.transaction() as session:
        audit.append(session, "note", actor="system", number=5)
    with database.read() as session:
        assert audit.verify(session) is None
        assert [event.data["number"] for event in session.exec(select(AuditEvent))] == [1, 20, 22, 30, 33, 4, 5]


def test_the_chain_is_held_and_its_end_read_once_a_transaction(database: Database) -> None:
    with statements.told(database.engine) as said, database.transaction() as session:
        audit.append(session, "note", actor="system", number=1)
        said.clear()
        audit.append(session, "note", actor="system", number=2)
    assert len(said) == 1 and said[0].startswith("INSERT")


def test_a_changed_event_is_found(database: Database) -> None:
    with database.transaction() as session:
        for number in range(4):
            audit.append(session, "note", actor="system", number=number)
        events = list(session.exec(select(AuditEvent)))
        wanted = events[2].id
    with database.transaction() as session:
        session.execute(text("UPDATE auditevent SET actor = 'nobody' WHERE id = :id"), {"id": wanted})
    with database.read() as session:
        assert audit.verify(session) == wanted


def test_a_removed_event_is_found(database: Database) -> None:
    with database.transaction() as session:
        for number in range(4):
            audit.append(session, "note", actor="system", number=number)
        events = list(session.exec(select(AuditEvent)))
    with database.transaction() as session:
        session.execute(text("DELETE FROM auditevent WHERE id = :id"), {"id": events[1].id})
    with database.read() as session:
        assert audit.verify(session) == events[2].id
