"""Rows read and written without the mapper are as good as any other, and transactions begin as they say."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, select

from tests import statements
from triage.database import Database, after_commit, rows
from triage.models import Priority, Status, Ticket, TicketTag, clock_at
from triage.settings import Settings


def _columns(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in Ticket.model_fields}


def test_a_stored_object_has_its_number_and_all_its_columns(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder", sla={"tier": "gold"}, status=Status.RECEIVED)
        rows.store(session, ticket)
        assert ticket.id is not None and ticket in session and not session.dirty
        assert session.get(Ticket, ticket.id) is ticket
    with database.read() as session:
        found = session.get_one(Ticket, ticket.id)
        assert _columns(found) == _columns(ticket)


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


def test_what_is_to_follow_a_commit_follows_it_once_and_never_a_transaction_that_fails(database: Database) -> None:
    heard: list[str] = []

    def listen() -> None:
        with database.read() as session:
            heard.extend(session.exec(select(Ticket.subject)).all())

    def ask(session: Session) -> None:
        rows.store(session, Ticket(subject="kept"))
        after_commit(session, listen)
        after_commit(session, listen)
        assert heard == []

    def fails(session: Session) -> None:
        after_commit(session, listen)
        raise KeyError("a fault")

    database.run_now(ask)
    assert heard == ["kept"]
    with pytest.raises(KeyError):
        database.run_now(fails)
    assert heard == ["kept"]


def test_a_new_object_is_as_its_class_makes_it() -> None:
    with clock_at(datetime(2026, 11, 30, tzinfo=UTC)):
        made, usual = rows.new(Ticket, subject="Grinder"), Ticket(subject="Grinder")
    assert _columns(made) == _columns(usual)


def test_a_field_that_a_new_object_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="no field sbuject"):
        rows.new(Ticket, sbuject="Grinder")


def test_a_loaded_object_is_the_sessions_as_though_the_mapper_had_read_it(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder", sla={"tier": "gold"}, training=True, priority=Priority.HIGH)
        rows.store(session, ticket)
    with database.read() as session:
        usual = _columns(session.get_one(Ticket, ticket.id))
    with database.transaction() as session:
        loaded = rows.load(session, Ticket, ticket.id)
        assert loaded is not None and _columns(loaded) == usual
        assert rows.load(session, Ticket, ticket.id) is loaded is session.get(Ticket, ticket.id)
        assert loaded not in session.dirty
        assert rows.load(session, Ticket, 4711) is None
        loaded.team = "repairs"
    with database.read() as session:
        assert session.get_one(Ticket, ticket.id).team == "repairs"


def test_an_object_that_is_held_is_as_it_is_now(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder")
        rows.store(session, ticket)
    with database.transaction() as session:
        known = session.get_one(Ticket, ticket.id)
        session.connection().execute(text("UPDATE ticket SET team = 'repairs'"))
        assert known.team == ""
        assert rows.hold(session, Ticket, ticket.id) is known and known.team == "repairs"
        assert rows.hold(session, Ticket, 4711) is None


@pytest.mark.parametrize("read", [rows.load, rows.hold])
def test_an_object_that_waits_in_the_session_is_found(database: Database, read: Callable[..., Ticket | None]) -> None:
    with database.transaction() as session:
        ticket = Ticket(id=4711, subject="Grinder")
        session.add(ticket)
        assert read(session, Ticket, 4711) is ticket


_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
        "team": st.sampled_from(["", "repairs", "billing"]),
        "sla": st.dictionaries(st.text("abc", max_size=3), st.integers(-5, 5) | st.none() | st.lists(st.booleans()), max_size=3),
        "due_at": st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
        "confidence": st.floats(0, 1),
        "priority": st.sampled_from(Priority),
        "draft_id": st.none(),
    },
)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_CHANGES, min_size=1, max_size=3))
def test_objects_are_saved_as_the_mapper_saves_them(database: Database, changes: list[dict[str, Any]]) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder")
        rows.store(session, ticket)
    wanted = _columns(ticket)
    for values in changes:
        with database.transaction() as session:
            loaded = session.get_one(Ticket, ticket.id)
            for name, value in values.items():
                setattr(loaded, name, value)
        wanted |= values
        assert _columns(loaded) == wanted
        with database.read() as session:
            assert _columns(session.get_one(Ticket, ticket.id)) == wanted


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_only_what_has_another_value_is_written(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder")
        rows.store(session, ticket)
    with statements.told(database.engine) as said:
        with database.transaction() as session:
            loaded = session.get_one(Ticket, ticket.id)
            said.clear()
            loaded.subject, loaded.team = "Grinder", "repairs"
        assert len(said) == 1 and said[0].startswith("UPDATE ticket SET team='repairs' WHERE")
        with database.transaction() as session:
            loaded = session.get_one(Ticket, ticket.id)
            said.clear()
            loaded.subject = "Grinder"
        assert said == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_objects_are_saved_in_the_order_of_their_keys(database: Database) -> None:
    """So that one can take over what must be unique from the one before it, always and not by chance."""
    with database.transaction() as session:
        for number in range(20):
            rows.store(session, Ticket(source_id=f"at-{number}"))
    with database.transaction() as session:
        for number, ticket in enumerate(session.exec(select(Ticket).order_by(col(Ticket.id))).all()):
            ticket.source_id = f"at-{number - 1}"
    with database.read() as session:
        assert session.exec(select(Ticket.source_id).order_by(col(Ticket.id))).all() == [f"at-{n - 1}" for n in range(20)]


def test_statements_for_whatever_was_changed_are_kept_up_to_a_number() -> None:
    assert rows._update.cache_parameters()["maxsize"] is not None


def test_new_changed_and_deleted_objects_are_saved_together(database: Database) -> None:
    with database.transaction() as session:
        ticket, gone = Ticket(subject="Grinder"), Ticket(subject="gone")
        rows.store(session, ticket)
        rows.store(session, gone)
    with database.transaction() as session:
        loaded = session.get_one(Ticket, ticket.id)
        loaded.team = "repairs"
        session.add(TicketTag(ticket_id=ticket.id or 0, tag="new"))
        session.delete(session.get_one(Ticket, gone.id))
    with database.transaction() as session:
        session.get_one(TicketTag, (ticket.id, "new")).tag = "old"  # a key of two columns, and one that changes
    with database.read() as session:
        assert session.exec(select(Ticket.team)).all() == ["repairs"]
        assert session.exec(select(TicketTag.tag)).all() == ["old"]


def test_an_object_that_was_deleted_meanwhile_is_not_saved_in_silence(database: Database) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Grinder")
        rows.store(session, ticket)
    with pytest.raises(StaleDataError), database.transaction() as session:
        loaded = session.get_one(Ticket, ticket.id)
        session.connection().execute(text("DELETE FROM ticket"))
        loaded.team = "repairs"


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
