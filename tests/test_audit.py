"""The audit chain holds on both databases, and notices any change."""

from sqlalchemy import text
from sqlmodel import select

from triage import audit
from triage.database import Database
from triage.models import AuditEvent


def test_a_chain_of_events_verifies(database: Database) -> None:
    with database.transaction() as session:
        for number in range(5):
            audit.append(session, "note", actor="system", number=number, share=0.1 * number, text="ü “quoted”", when=None)
    with database.read() as session:
        assert audit.verify(session) is None


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
