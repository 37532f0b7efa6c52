"""What several runs write at once is one transaction, and none of them answers for another's rows."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from tests import statements
from triage.database import Database
from triage.models import Spend

_INSERT = insert(Spend)


def _row(scope: str) -> dict[str, Any]:
    return {"day": "2026-11-29", "scope": scope, "tokens": 1, "cost_usd": 0.0, "calls": 1}


def _scopes(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(Spend.scope).order_by(col(Spend.scope))))


@contextmanager
def _busy(database: Database) -> Iterator[None]:
    """While the block lasts, it is another thread's turn to write."""
    taken, release = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction():
            taken.set()
            release.wait(10)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        assert taken.wait(10)
        try:
            yield
        finally:
            release.set()
            held.result()


async def _while_busy(database: Database, *writers: list[dict[str, Any]]) -> list[BaseException | None]:
    """Have all write while the database's turn is somebody else's; what each was told."""
    with _busy(database):
        tasks = [asyncio.create_task(database.write(_INSERT, rows)) for rows in writers]
        await asyncio.sleep(0.2)
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_all_are_written_when_each_returns(database: Database) -> None:
    with statements.told(database.engine, around=True) as said:
        assert asyncio.run(_while_busy(database, [_row("a"), _row("b")], [_row("c")], [_row("d")])) == [None] * 3
    assert _scopes(database) == ["a", "b", "c", "d"]
    if database.is_sqlite:
        assert said.count("COMMIT") == 1


def test_one_that_cannot_be_written_hinders_nobody(database: Database) -> None:
    with database.transaction() as session:
        session.add(Spend(**_row("taken")))
    told = asyncio.run(_while_busy(database, [_row("a")], [_row("taken")], [_row("b")]))
    assert [isinstance(one, SQLAlchemyError) for one in told] == [False, True, False]
    assert _scopes(database) == ["a", "b", "taken"]


@pytest.mark.parametrize("fault", [{"scope": "half a character: \ud83d"}, {"tokens": 2**70}])
def test_a_value_that_no_database_takes_hinders_nobody_else(database: Database, fault: dict[str, Any]) -> None:
    told = asyncio.run(_while_busy(database, [_row("a")], [_row("faulty") | fault], [_row("b")]))
    assert [one is None for one in told] == [True, False, True]
    assert _scopes(database) == ["a", "b"]


def test_one_alone_is_told_what_went_wrong(database: Database) -> None:
    asyncio.run(database.write(_INSERT, [_row("a")]))
    with pytest.raises(SQLAlchemyError):
        asyncio.run(database.write(_INSERT, [_row("a")]))
    asyncio.run(database.write(_INSERT, [_row("b")]))
    assert _scopes(database) == ["a", "b"]


def test_one_who_gives_up_waiting_takes_nobody_along(database: Database) -> None:
    async def work() -> None:
        with _busy(database):
            given_up, other = (asyncio.create_task(database.write(_INSERT, [_row(scope)])) for scope in ("a", "b"))
            await asyncio.sleep(0.2)
            given_up.cancel()
            await asyncio.sleep(0.05)
        await other

    asyncio.run(work())
    assert "b" in _scopes(database)


def test_an_event_loop_writes_by_itself_when_it_is_its_turn(database: Database) -> None:
    """On SQLite; across a network it never waits for the database."""

    async def work() -> tuple[int, int]:
        return await database.run(lambda _: threading.get_ident()), threading.get_ident()

    worker, loop = asyncio.run(work())
    assert (worker == loop) is database.is_sqlite


def test_an_event_loop_goes_on_while_it_is_another_ones_turn(database: Database) -> None:
    async def work() -> None:
        with _busy(database):
            waiting = asyncio.create_task(database.run(lambda session: session.execute(_INSERT, _row("late"))))
            await asyncio.sleep(0.2)
            assert not waiting.done() or not database.is_sqlite
        await waiting

    asyncio.run(work())
    assert _scopes(database) == ["late"]
