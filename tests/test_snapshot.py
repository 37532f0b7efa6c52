"""The reads of a screen share one session, see what the screen itself wrote, and leave nothing behind."""

from threading import Thread

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select, text

from triage.database import Database
from triage.models import Ticket


@pytest.fixture
def number(database: Database) -> int:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder")
        session.add(ticket)
        session.flush()
        return ticket.id or 0


def subject(database: Database, number: int) -> str:
    with database.read() as session:
        return session.get_one(Ticket, number).subject


def rename(database: Database, number: int, subject: str) -> None:
    with database.transaction() as session:
        session.get_one(Ticket, number).subject = subject


def test_reads_share_a_session_and_its_one_connection(database: Database, number: int) -> None:
    taken: list[object] = []
    for pool in {database.reading.pool, database.drawing.pool}:
        event.listen(pool, "checkout", lambda *of: taken.append(of))
    with database.snapshot():
        for _ in range(3):
            assert subject(database, number) == "Grinder"
        with database.snapshot(), database.read() as one, database.read() as other:
            assert one is other
    assert len(taken) == 1
    assert subject(database, number) == "Grinder" and len(taken) == 2


def test_what_was_written_is_read_at_once(database: Database, number: int) -> None:
    with database.snapshot():
        assert subject(database, number) == "Grinder"
        rename(database, number, "Kettle")
        assert subject(database, number) == "Kettle"
        with pytest.raises(ZeroDivisionError), database.transaction() as session:
            session.get_one(Ticket, number).subject = f"{1 / 0}"
        assert subject(database, number) == "Kettle"
    rename(database, number, "Scale")
    with database.snapshot():
        assert subject(database, number) == "Scale"


def test_a_read_around_a_write_goes_on_and_the_next_one_is_new(database: Database, number: int) -> None:
    with database.snapshot():
        with database.read() as session:
            assert session.get_one(Ticket, number).subject == "Grinder"
            rename(database, number, "Kettle")
            assert session.exec(select(Ticket.id).where(Ticket.id == number)).one() == number
        assert subject(database, number) == "Kettle"


def test_what_a_read_changes_is_not_kept_for_the_next_one(database: Database, number: int) -> None:
    with database.snapshot():
        with database.read() as session:
            session.get_one(Ticket, number).subject = "never written"
        assert subject(database, number) == "Grinder"
    assert subject(database, number) == "Grinder"


def test_a_read_that_failed_spoils_none_after_it(database: Database, number: int) -> None:
    with database.snapshot():
        with pytest.raises(DBAPIError), database.read() as session:
            session.execute(text("SELECT nothing FROM nowhere"))
        assert subject(database, number) == "Grinder"


def test_other_threads_read_for_themselves(database: Database, number: int) -> None:
    seen: list[Session] = []

    def other() -> None:
        with database.read() as session:
            seen.append(session)

    with database.snapshot(), database.read() as mine:
        thread = Thread(target=other)
        thread.start()
        thread.join()
    assert seen and seen[0] is not mine


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_postgresql_keeps_the_statements_of_screens_prepared(database: Database, number: int) -> None:
    for _ in range(8):  # the driver prepares what comes again
        with database.snapshot():
            assert subject(database, number) == "Grinder"
    with database.snapshot(), database.read() as session:
        prepared = session.execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()
    assert any("FROM ticket" in statement for statement in prepared)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_postgresql_refuses_what_a_screen_would_write_beside_a_transaction(database: Database, number: int) -> None:
    with pytest.raises(DBAPIError, match="read-only"), database.snapshot(), database.read() as session:
        session.execute(text("UPDATE ticket SET subject = 'Mill'"))
    assert subject(database, number) == "Grinder"
