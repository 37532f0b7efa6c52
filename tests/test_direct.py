"""Statements straight to the driver do what SQLAlchemy's way does, in the same transaction, with the same types and errors."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError, SQLAlchemyError, StatementError
from sqlmodel import Session, col

from tests import desks
from triage.database import Database, direct, rows
from triage.models import Priority, Spend, Ticket
from triage.settings import Settings

_TICKETS = Ticket.__table__  # type: ignore[attr-defined]
_SPENT = Spend.__table__  # type: ignore[attr-defined]
_INSERT = insert(_SPENT)
_OF = select(_SPENT.c.tokens, _SPENT.c.cost_usd).where(_SPENT.c.scope == bindparam("scope"))


def _spend(scope: str, tokens: int = 1) -> dict[str, Any]:
    return {"day": "2026-11-30", "scope": scope, "tokens": tokens, "cost_usd": 0.5, "calls": 2}


def _tokens(session: Session) -> list[int]:
    return list(session.scalars(select(_SPENT.c.tokens).order_by(_SPENT.c.scope)))


def test_rows_are_those_that_the_usual_way_gives(database: Database) -> None:
    with database.transaction() as session:
        first = desks.ticket(session)
        first.sla, first.training, first.due_at = (
            {"tier": "gold", "of": [1, None]},
            True,
            datetime(2026, 11, 30, 7, 5, 1, 20, tzinfo=UTC),
        )
        desks.ticket(session)
    everything = select(_TICKETS).order_by(_TICKETS.c.id)
    with database.read() as session:
        usual = session.connection().execute(everything).all()
        assert [tuple(row) for row in direct.rows(session, everything)] == [tuple(row) for row in usual]
        assert [row.sla for row in direct.rows(session, everything)] == [row.sla for row in usual]


def test_parameters_are_turned_as_the_usual_way_does(database: Database) -> None:
    moment = datetime(2026, 11, 30, 7, 5, 1, 20, tzinfo=UTC)
    due = select(col(Ticket.id)).where(col(Ticket.due_at) == bindparam("moment"), col(Ticket.priority) == Priority.HIGH)
    with database.transaction() as session:
        ticket = desks.ticket(session)
        ticket.due_at, ticket.priority = moment, Priority.HIGH
        desks.ticket(session)
    with database.read() as session:
        [[found]] = direct.rows(session, due, {"moment": moment})
        assert found == ticket.id
        assert direct.first(session, due, {"moment": datetime(2026, 1, 1, tzinfo=UTC)}) is None


def test_columns_without_a_name_are_found_by_their_place(database: Database) -> None:
    with database.read() as session:
        [count, word] = direct.first(session, select(func.count(col(Ticket.id)), literal("as it is")))
    assert (count, word) == (0, "as it is")


def test_what_is_written_counts_in_the_same_transaction_and_goes_with_it(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as session:
        direct.insert_many(session, _INSERT, [_spend("a"), _spend("b", 2)])
        assert _tokens(session) == [1, 2]
        raise KeyError("a fault")
    with database.read() as session:
        assert _tokens(session) == []


def test_a_savepoint_takes_back_what_was_written_in_it_and_no_more(database: Database) -> None:
    with database.transaction() as session:
        direct.insert(session, _INSERT, _spend("kept"))
        with pytest.raises(KeyError), session.begin_nested():
            direct.insert(session, _INSERT, _spend("lost", 2))
            raise KeyError("a fault")
        direct.insert(session, _INSERT, _spend("later", 3))
    with database.read() as session:
        assert _tokens(session) == [1, 3]


def test_a_change_says_how_many_rows_it_concerned(database: Database) -> None:
    raise_ = update(_SPENT).where(_SPENT.c.tokens < bindparam("most")).values(tokens=_SPENT.c.tokens + bindparam("more"))
    with database.transaction() as session:
        direct.insert_many(session, _INSERT, [_spend("a"), _spend("b", 2), _spend("c", 9)])
        assert direct.change(session, raise_, {"most": 5, "more": 10}) == 2
        assert _tokens(session) == [11, 12, 9]


def test_a_clash_is_the_error_of_the_usual_way_and_tells_no_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as clash, database.transaction() as session:
        direct.insert(session, _INSERT, _spend("customer@example.org"))
        direct.insert(session, _INSERT, _spend("customer@example.org"))
    if database.is_sqlite:
        assert "customer@example.org" not in str(clash.value)


def test_nothing_is_written_once_a_flush_has_broken_the_transaction_off(database: Database) -> None:
    with pytest.raises(InvalidRequestError), database.transaction() as session:
        direct.insert(session, _INSERT, _spend("a"))
        session.add(Spend(**_spend("a")))
        with pytest.raises(IntegrityError):
            session.flush()
        direct.insert(session, _INSERT, _spend("b"))
    with database.read() as session:
        assert _tokens(session) == []


@pytest.mark.parametrize("fault", [{"due_at": datetime(2026, 11, 30)}, {"sla": {"no": object()}}])
def test_a_value_that_its_column_cannot_hold_is_the_error_of_the_usual_way(database: Database, fault: dict[str, Any]) -> None:
    with pytest.raises((StatementError, TypeError)) as usual, database.transaction() as session:
        session.add(Ticket(subject="Grinder", **fault))
    with pytest.raises(type(usual.value)) as refused, database.transaction() as session:
        rows.store(session, Ticket(subject="Grinder", **fault))
    assert "Grinder" not in str(refused.value)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_opened_is_the_error_of_the_usual_way(database: Database, settings: Settings) -> None:
    database.close()
    for file in settings.home.glob("triage.db*"):
        file.unlink()
    (settings.home / "triage.db").mkdir()
    with pytest.raises(OperationalError, match="unable to open"):
        database.first(_OF, scope="a")
    with pytest.raises(OperationalError, match="unable to open"):
        direct.commit(database.engine, _INSERT, [_spend("a")])


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_value_that_is_missing_is_named(database: Database) -> None:
    with database.read() as session, pytest.raises(KeyError, match="No value for scope"):
        direct.rows(session, _OF, {"scopes": "a"})


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_list_among_the_parameters_is_refused_before_anything_is_asked(database: Database) -> None:
    of_several = select(_SPENT.c.tokens).where(_SPENT.c.scope.in_(bindparam("scopes", expanding=True)))
    with database.read() as session, pytest.raises(TypeError, match="do not go straight"):
        direct.rows(session, of_several, {"scopes": ["a"]})


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_defaults_of_columns_are_refused(database: Database) -> None:
    with database.transaction() as session, pytest.raises(TypeError, match="do not go straight"):
        direct.insert(session, insert(_TICKETS), {"subject": "no default is filled in here"})
    table = Table("counted", MetaData(), Column("number", Integer), Column("times", Integer, onupdate=1))
    with database.transaction() as session, pytest.raises(TypeError, match="do not go straight"):
        direct.change(session, update(table).values(number=2))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_rows_of_their_own_are_all_written_or_none_and_leave_the_connection_as_it_was(database: Database) -> None:
    direct.commit(database.engine, _INSERT, [_spend("a")])
    with pytest.raises(SQLAlchemyError):
        direct.commit(database.engine, _INSERT, [_spend("b", 2), _spend("a")])
    direct.commit(database.engine, _INSERT, [_spend("c", 3)])
    with database.read() as session:
        assert _tokens(session) == [1, 3]
    assert tuple(direct.look(database.reading, _OF, {"scope": "c"})) == (3, 0.5)
    assert direct.look(database.reading, _OF, {"scope": "b"}) is None
