"""Rows written without the mapper's unit of work are as good as any other, and transactions begin as they say."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from triage.database import Database, rows
from triage.models import Status, Ticket
from triage.settings import Settings


def test_a_stored_object_has_its_number_and_all_its_columns(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder", sla={"tier": "gold"}, status=Status.RECEIVED)
        rows.store(session, ticket)
        assert ticket.id is not None and ticket in session and not session.dirty
        assert session.get(Ticket, ticket.id) is ticket
    with database.read() as session:
        found = session.get_one(Ticket, ticket.id)
        assert {name: getattr(found, name) for name in Ticket.model_fields} == {
            name: getattr(ticket, name) for name in Ticket.model_fields
        }


def test_what_is_changed_later_is_written_as_usual(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder")
        rows.store(session, ticket)
        ticket.team = "repairs"
        rows.change(session, ticket, thread_head=7, draft_id=None)
        assert (ticket.thread_head, ticket.team) == (7, "repairs")
    with database.read() as session:
        found = session.get_one(Ticket, ticket.id)
        assert (found.subject, found.thread_head, found.team) == ("Grinder", 7, "repairs")


def test_a_change_concerns_one_row(database: Database) -> None:
    with database.transaction() as session:
        one, other = Ticket(subject="one"), Ticket(subject="other")
        rows.store(session, one)
        rows.store(session, other)
        rows.change(session, one, subject="changed")
    with database.read() as session:
        assert session.exec(select(Ticket.subject).order_by(Ticket.subject)).all() == ["changed", "other"]


def test_nothing_stays_of_a_transaction_that_fails(database: Database) -> None:
    def fails(session: Session) -> None:
        rows.store(session, Ticket(subject="lost"))
        raise KeyError("a fault")

    with pytest.raises(KeyError):
        database.run_now(fails)
    with database.read() as session:
        assert session.exec(select(Ticket)).all() == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_transaction_on_sqlite_holds_the_write_lock_from_its_beginning_and_a_reader_never(
    database: Database, settings: Settings
) -> None:
    other = sqlite3.connect(settings.home / "triage.db", timeout=0, isolation_level=None)
    try:
        with database.transaction() as session:
            session.connection()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        with database.read() as session:
            before = session.execute(text("SELECT count(*) FROM ticket")).scalar_one()
            other.execute(
                "INSERT INTO category (slug, title, description, default_priority, team) VALUES ('a', 'A', '', 'normal', '')"
            )
            assert session.execute(text("SELECT count(*) FROM category")).scalar_one() == before  # one state throughout
        with database.read() as session:
            assert session.execute(text("SELECT count(*) FROM category")).scalar_one() == 1
    finally:
        other.close()
