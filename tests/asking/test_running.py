"""Running: reads the views and nothing else, also behind the guard's back, and always ends."""

import sqlite3
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests.asking.conftest import SECRET
from triage.asking import running
from triage.asking.guard import Refused
from triage.database import Database, reporting
from triage.database.reporting import VIEWS

ZONE = ZoneInfo("Europe/Amsterdam")
BOMB = "SELECT COUNT(*) FROM ask_steps a, ask_steps b, ask_steps c, ask_steps d"
BEHIND = (
    'SELECT email FROM "user"', "SELECT email FROM customer", "SELECT body FROM message", "SELECT hash FROM auditevent", "SELECT subject FROM ticket",
    "WITH ask_tickets AS (SELECT email FROM customer) SELECT * FROM ask_tickets", "SELECT id FROM draft", "SELECT value FROM workspacesetting",
)  # fmt: skip
HARM = (
    "DELETE FROM ask_tickets", "DELETE FROM savedquestion", "CREATE TABLE x (a integer)", "CREATE TEMP TABLE x (a integer)", "UPDATE ticket SET subject = 'x'",
    "INSERT INTO savedquestion (user_id, name, question, sql, created_at) VALUES (1, 'x', 'x', 'x', '2026-01-01')",
)  # fmt: skip
ON_SQLITE = (
    "PRAGMA query_only = OFF", "PRAGMA writable_schema = ON", "ATTACH ':memory:' AS y", "SELECT load_extension('x')", "SELECT * FROM sqlite_master",
    "SELECT * FROM pragma_table_info('user')", "SELECT hex(randomblob(1000))", "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT COUNT(*) FROM r",
)  # fmt: skip


def behind(database: Database, sql: str, seconds: float = 2.0) -> object:
    """Run a text that the guard never saw."""
    if database.is_sqlite:
        return running._on_sqlite(Path(str(database.engine.url.database)), sql, ZONE, seconds)
    return running._on_postgresql(database, sql, ZONE, seconds)


def test_an_answer_has_its_columns_rows_and_the_query_that_ran(past: Database) -> None:
    answer = running.run(
        past, "select language, count(*) as n from ask_tickets group by language order by n desc, language", ZONE
    )
    assert answer.columns == ("language", "n") and "LIMIT 1000" in answer.sql and not answer.cut
    assert sum(int(n or 0) for _, n in answer.rows) == 261
    assert [type(value) for value in answer.rows[0]] == [str, int]


def test_both_databases_give_the_same_kinds_of_values(past: Database) -> None:
    sql = (
        "select started_weekday, round(avg(first_reply_hours), 1) as h, round(100.0 * sum(escalated) / nullif(count(*), 0), 1) as p "
        "from ask_tickets where answered = 1 group by started_weekday order by 1"
    )
    rows = running.run(past, sql, ZONE).rows
    assert [str(row[0])[0] for row in rows] == list("1234567") and all(isinstance(row[1], int | float) for row in rows)


def test_more_than_a_thousand_rows_are_cut_and_say_so(past: Database) -> None:
    answer = running.run(past, "select run_id, kind from ask_steps limit 5000", ZONE)
    assert len(answer.rows) == 1_000 and answer.cut


def test_what_is_too_large_is_refused(past: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LARGEST", 2_000)
    with pytest.raises(Refused, match="larger than"):
        running.run(past, "select * from ask_tickets", ZONE)


def test_what_never_ends_is_stopped(past: Database) -> None:
    started = time.monotonic()
    with pytest.raises(Refused, match=r"took longer than 0\.5 seconds"):
        running.run(past, BOMB, ZONE, seconds=0.5)
    assert time.monotonic() - started < 4
    assert running.run(past, "select count(*) as n from ask_tickets", ZONE).rows == ((261,),)


def test_what_the_database_does_not_take_is_a_sentence(past: Database) -> None:
    with pytest.raises(Refused, match="The database did not take it"):
        running.run(past, "select sum(category) from ask_tickets where 1 = 'x' + 1 group by lag(1) over (order by 1)", ZONE)


@pytest.mark.parametrize("sql", [*HARM])
def test_nothing_can_be_written_behind_the_guard(past: Database, sql: str) -> None:
    with pytest.raises(Refused):
        behind(past, sql)


@pytest.mark.parametrize("past", ["sqlite"], indirect=True)
def test_sqlite_reads_only_what_the_views_read(past: Database) -> None:
    for sql in (*BEHIND, *ON_SQLITE):
        with pytest.raises(Refused):
            behind(past, sql)
    with pytest.raises(sqlite3.OperationalError, match=r"no such function|too many attached|not authorized|unable to open"):
        running.reader(Path(str(past.engine.url.database)), ZONE).execute("ATTACH '/tmp/never' AS y")


@pytest.mark.parametrize("past", ["postgresql"], indirect=True)
def test_postgresql_runs_as_a_role_that_reads_the_views_alone(past: Database) -> None:
    with past.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {reporting.ROLE} NOLOGIN"))
        connection.execute(text(f"GRANT SELECT ON {', '.join(VIEWS)} TO {reporting.ROLE}"))
    try:
        for sql in (*BEHIND, "SELECT rolpassword FROM pg_authid", "SELECT pg_read_file('/etc/passwd')"):
            if "WITH" not in sql:
                with pytest.raises(Refused, match="permission denied"):
                    behind(past, sql)
        assert running.run(past, "select count(*) as n from ask_tickets", ZONE).rows == ((261,),)
        with past.engine.begin() as connection:  # a changed definition gives the role its rights again
            connection.exec_driver_sql("DROP VIEW ask_guards")
            reporting.put_back(connection)
            assert running._may_be_role(connection)
    finally:
        with past.engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {reporting.ROLE}"))
            connection.execute(text(f"DROP ROLE {reporting.ROLE}"))


def test_the_next_transaction_is_as_before(past: Database) -> None:
    running.run(past, "select 1 as one from ask_tickets limit 1", ZONE)
    if not past.is_sqlite:
        with past.engine.begin() as connection:
            assert connection.execute(text("SHOW transaction_read_only")).scalar() == "off"
            assert connection.execute(text("SHOW statement_timeout")).scalar() == "0"
            assert connection.execute(text("SELECT current_user = session_user")).scalar() is True


def test_no_view_shows_an_address_a_text_or_a_secret(past: Database) -> None:
    for name in VIEWS:
        shown = str(running.run(past, f"select * from {name}", ZONE).rows)
        assert SECRET not in shown and "@" not in shown
