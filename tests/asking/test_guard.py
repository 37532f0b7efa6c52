"""The guard: what is no single SELECT over the listed views, columns and functions never reaches a database."""

import time
from contextlib import suppress

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp
from sqlmodel import SQLModel

from triage.asking.guard import LONGEST, Refused, checked
from triage.database.reporting import VIEWS

DIALECTS = ("sqlite", "postgresql")
GOOD = (
    "SELECT category, COUNT(*) AS n FROM ask_tickets WHERE started_day >= '2026-11-01' GROUP BY category ORDER BY n DESC",
    "select t.language, round(avg(d.edit_distance), 2) from ask_tickets t join ask_drafts d on d.ticket_id = t.ticket_id group by t.language",
    "WITH w AS (SELECT started_week, COUNT(*) AS n FROM ask_tickets GROUP BY started_week) SELECT started_week, n, LAG(n) OVER (ORDER BY started_week) AS before FROM w",
    "SELECT COUNT(DISTINCT customer), SUM(CASE WHEN escalated = 1 THEN 1 ELSE 0 END) * 100.0 / NULLIF(COUNT(*), 0) FROM ask_tickets",
    "SELECT kind, COUNT(*) FILTER (WHERE failed = 1) FROM ask_steps GROUP BY kind HAVING COUNT(*) > 3",
    "SELECT ticket_id FROM ask_tickets WHERE EXISTS (SELECT 1 FROM ask_runs r WHERE r.ticket_id = ask_tickets.ticket_id AND r.failed = 1)",
    "SELECT * FROM ask_edits LIMIT 10 OFFSET 5",
)  # fmt: skip
ATTACKS = (
    # other tables, by every door
    "SELECT * FROM user", 'SELECT * FROM "user"', "SELECT * FROM [user]", "SELECT * FROM `user`", "SELECT password_hash FROM ask_tickets",
    "SELECT key_hash FROM apikey", "SELECT * FROM loginsession", "SELECT * FROM main.ask_tickets", "SELECT * FROM public.ask_tickets",
    "SELECT category FROM ask_tickets UNION SELECT email FROM user", "SELECT category FROM ask_tickets UNION ALL SELECT key_hash FROM apikey",
    "SELECT (SELECT password_hash FROM user LIMIT 1) FROM ask_tickets", "SELECT 1 FROM ask_tickets WHERE 1 = (SELECT count(*) FROM message)",
    "SELECT * FROM (SELECT * FROM user) u", "SELECT * FROM ask_tickets JOIN user ON 1 = 1", "SELECT * FROM ask_tickets, customer",
    "SELECT * FROM ask_tickets WHERE category IN (SELECT email FROM customer)", "SELECT 1 FROM ask_runs ORDER BY (SELECT email FROM user LIMIT 1)",
    "WITH user AS (SELECT 1 AS x) SELECT * FROM user", "WITH a AS (SELECT * FROM user) SELECT * FROM a",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a", "WITH a AS (SELECT * FROM a) SELECT * FROM a",
    "WITH ask_tickets AS (SELECT 1 AS x) SELECT * FROM ask_tickets", "SELECT * FROM (WITH user AS (SELECT 1 AS x) SELECT x FROM user) a, user",
    "SELECT * FROM sqlite_master", "SELECT * FROM sqlite_schema", "SELECT * FROM pg_shadow", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_authid",
    # what writes, or is no query
    "DELETE FROM ticket", "UPDATE user SET role = 'admin'", "INSERT INTO user SELECT 1", "DROP TABLE user", "CREATE TABLE x (a int)", "VACUUM",
    "WITH x AS (DELETE FROM user RETURNING *) SELECT * FROM x", "WITH x AS (INSERT INTO user VALUES (1) RETURNING *) SELECT * FROM x",
    "SELECT * INTO x FROM ask_tickets", "SELECT * FROM ask_tickets FOR UPDATE", "PRAGMA table_info(user)", "PRAGMA query_only = OFF", "ATTACH '/etc/passwd' AS y",
    "COPY user TO '/tmp/x'", "COPY user TO PROGRAM 'id'", "SET ROLE postgres", "EXPLAIN ANALYZE SELECT 1", "VALUES (1)", "TABLE user", "CALL x()", "DO $$ BEGIN END $$",
    # several statements
    "SELECT 1; DROP TABLE user", "SELECT 1; SELECT 2", "SELECT 1;;SELECT 2", "BEGIN; SELECT 1",
    # functions
    "SELECT load_extension('/tmp/x.so')", "SELECT readfile('/etc/passwd')", "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('/')", "SELECT lo_import('/etc/passwd')",
    "SELECT pg_sleep(60)", "SELECT 1 FROM ask_tickets WHERE pg_sleep(60) IS NULL", "SELECT set_config('role', 'postgres', false)", "SELECT current_setting('triage.zone')",
    "SELECT query_to_xml('SELECT * FROM \"user\"', true, true, '')", "SELECT dblink('dbname=x')", "SELECT database_to_xml(true, true, '')", "SELECT version()", "SELECT current_user",
    "SELECT user", "SELECT session_user", "SELECT hex(randomblob(1000000000))", "SELECT zeroblob(1000000000)", "SELECT printf('%1000000000d', 1)", "SELECT repeat('a', 1000000000)",
    "SELECT replace('aa', 'a', 'bbbb')", "SELECT 'a' || 'b'", "SELECT string_agg(category, ',') FROM ask_tickets", "SELECT group_concat(category) FROM ask_tickets",
    "SELECT * FROM generate_series(1, 1000000000)", "SELECT * FROM json_each('[1]')", "SELECT * FROM pragma_table_info('user')", "SELECT * FROM pg_stat_file('/etc/passwd')",
    "SELECT desk_time('2026')", "SELECT nextval('x')", "SELECT txid_current()", "SELECT pg_terminate_backend(1)", "SELECT pg_advisory_lock(1)",
    # never ending
    "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT COUNT(*) FROM r", "WITH RECURSIVE r AS (SELECT 1 AS x) SELECT * FROM r",
    "SELECT COUNT(*) FROM ask_steps a, ask_steps b, ask_steps c, ask_steps d, ask_steps e, ask_steps f, ask_steps g",
    "SELECT * FROM ask_tickets LIMIT -1", "SELECT * FROM ask_tickets LIMIT (SELECT 9)", "SELECT * FROM ask_tickets LIMIT 5 OFFSET (SELECT 1)", "SELECT * FROM ask_tickets LIMIT ALL",
    # types, odd literals, parameters, whole rows, hidden columns
    "SELECT 'user'::regclass", "SELECT CAST('x' AS xml)", "SELECT CAST(1 AS blob)", "SELECT ctid FROM ask_tickets", "SELECT xmin FROM ask_tickets", "SELECT rowid FROM ask_tickets", "SELECT ask_tickets FROM ask_tickets",
    "SELECT ?", "SELECT $1", "SELECT :x", "SELECT @x", "SELECT %s", "SELECT e'\\x41'", "SELECT U&'\\0041'", "SELECT x'41'", "SELECT $$a$$",
    "SELECT * FROM ask_tickets TABLESAMPLE SYSTEM (1)", "SELECT * FROM ask_tickets, LATERAL (SELECT 1) x", "SELECT * FROM (VALUES (1)) x", "SELECT DISTINCT ON (category) category FROM ask_tickets",
    # comments, look-alikes, control characters
    "SELECT 1 /*! UNION SELECT email FROM user */ FROM ask_tickets UNION/**/SELECT email/**/FROM/**/user", "SELECT * FROM ｕser", "SELECT * FROM аsk_tickets",
    "SELECT * FROM us\u0065r", "SELECT \u202eemail FROM ask_tickets", "SELECT email\u200b FROM ask_tickets", "SELECT category\x00 FROM ask_tickets", "SELECT", "", "   ", "--", ";", "SELECT * FROM",
)  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sql", GOOD)
def test_what_a_manager_asks_passes_and_has_a_limit(sql: str, dialect: str) -> None:
    text = checked(sql, dialect)
    assert "LIMIT" in text and checked(text, dialect) == text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sql", ATTACKS)
def test_an_attack_is_refused_with_a_sentence(sql: str, dialect: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(sql, dialect)
    assert str(refused.value).endswith((".", "…", "”."))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_runs_is_written_anew_without_comments(dialect: str) -> None:
    text = checked("SELECT/**/category -- , email\nFROM ask_tickets /* x */ LIMIT 99999", dialect)
    assert text.split() == ["SELECT", "category", "FROM", "ask_tickets", "LIMIT", "1000"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 1900 + "1" + ")" * 1900, "SELECT " + "not " * 900 + "1", "SELECT * FROM " + "(SELECT * FROM " * 90 + "ask_runs" + ") a" * 90,
        "SELECT " + "-" * (LONGEST + 1), "SELECT " + "abs(" * 500 + "1" + ")" * 500, "SELECT '" + "a" * LONGEST + "'",
    ],
)  # fmt: skip
def test_bombs_of_text_are_refused_at_once(sql: str, dialect: str) -> None:
    started = time.perf_counter()
    with suppress(Refused):
        checked(sql, dialect)
    assert time.perf_counter() - started < 5


_words = st.sampled_from([
    "SELECT", "FROM", "WHERE", "UNION", "WITH", "AS", "(", ")", ",", "*", ";", "ask_tickets", "user", '"user"', "category", "email", "a", "1", "'x'", "JOIN", "ON",
    "=", "count(*)", "EXISTS", "IN", "LIMIT", "pg_sleep(9)", "--", "/*", "*/", "main.", "RECURSIVE", "LATERAL", "VALUES", "ORDER BY", "GROUP BY", "::text",
])  # fmt: skip


@given(st.lists(_words, max_size=14).map(lambda words: "SELECT " + " ".join(words)), st.sampled_from(DIALECTS))
def test_whatever_passes_reads_listed_views_only(sql: str, dialect: str) -> None:
    try:
        text = checked(sql, dialect)
    except Refused:
        return
    tree = sqlglot.parse_one(text, read="postgres" if dialect == "postgresql" else dialect)
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    assert read <= set(VIEWS) and not own & set(SQLModel.metadata.tables)
    assert isinstance(tree, exp.Select) and int(str(tree.args["limit"].expression)) <= 1_000
