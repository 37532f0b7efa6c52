"""The views: documented, made anew when their definition changes, and in agreement with the metrics."""

from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from tests.learning.conftest import NOW
from triage.asking import running
from triage.database import Database, migrate, reporting
from triage.database.reporting import VIEWS
from triage.learning import metrics
from triage.learning.metrics import BusinessHours, Filters, Window
from triage.models import ConnectedTool, Connection, Episode, Proposal, Role, Run, RunStep, Ticket, User, clock_at
from triage.sla.plan import desk_hours

PERSONAL = (
    "email",
    "name_of",
    "address",
    "phone",
    "subject",
    "body",
    "text",
    "query",
    "comment",
    "password",
    "hash",
    "token_",
    "secret",
)


@pytest.fixture
def session(past: Database):  # type: ignore[no-untyped-def]
    with past.read() as session:
        yield session


def one(past: Database, sql: str, zone: ZoneInfo) -> tuple[object, ...]:
    [row] = running.run(past, sql, zone).rows
    return row


def test_every_column_has_a_sentence_and_none_a_personal_name() -> None:
    for view in VIEWS.values():
        assert view.rows.endswith(".")
        names = [column.name for column in view.columns]
        assert len(set(names)) == len(names)
        for column in view.columns:
            assert column.meaning.endswith(".") and not any(word in column.name for word in PERSONAL)


@pytest.mark.parametrize(
    ("metric", "sql"),
    [
        ("volume", "select count(*) from ask_tickets where {0}"),
        ("escalation_rate", "select sum(escalated), count(*) from ask_tickets where worked_on = 1 and {0}"),
        ("assisted_resolution", "select sum(assisted), count(*) from ask_tickets where worked_on = 1 and {0}"),
        ("coverage", "select sum(drafted), count(*) from ask_tickets where {0}"),
        ("reopen_rate", "select sum(reopened), count(*) from ask_tickets where resolved = 1 and {0}"),
        ("csat", "select count(csat) from ask_tickets where resolved = 1 and {0}"),
        ("first_reply_time", "select sum(answered), count(*) from ask_tickets where {0}"),
        ("accepted_as_is", "select sum(d.sent_as_is), count(*) from ask_drafts d join ask_tickets on ask_tickets.ticket_id = d.ticket_id and episode = 1 where d.decided = 1 and {0}"),
    ],
)  # fmt: skip
def test_counts_are_those_of_the_metrics(past: Database, session: Session, metric: str, sql: str) -> None:
    """A view and the metric of the same name count the same cases; one truth, two ways to ask for it."""
    hours = desk_hours(session)
    window = Window.last(30, hours)
    last = hours.day_of(window.end)
    days = f"started_day >= '{hours.day_of(window.start)}' and started_day < '{last}'"
    figure = metrics.compute(session, metric, window)
    found = one(past, sql.format(days), hours.zone)
    if metric == "accepted_as_is":  # a ticket's later episodes have drafts of their own
        assert abs(int(str(found[0])) - figure.numerator) <= 0.1 * figure.denominator
    else:
        assert found == ((figure.numerator, figure.denominator) if len(found) == 2 else (figure.numerator,))


def test_days_are_those_of_the_team(past: Database, session: Session) -> None:
    """A message at a quarter to midnight in Amsterdam belongs to the day there, and to the next or the one before elsewhere."""
    for zone in ("Europe/Amsterdam", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"):
        hours = BusinessHours(zone=ZoneInfo(zone))
        rows = running.run(past, "select started_day, count(*) from ask_tickets group by started_day", hours.zone).rows
        window = Window.last(60, hours)
        days = {
            day.isoformat(): figure.numerator
            for day, figure in metrics.series(session, "volume", window, Filters())
            if figure.numerator
        }
        if zone == desk_hours(session).zone.key:
            assert dict(rows) == days
        assert sum(int(str(count)) for _, count in rows) == 261


def test_weeks_begin_on_monday(past: Database) -> None:
    rows = running.run(past, "select distinct started_week, started_day, started_weekday from ask_tickets", ZoneInfo("UTC")).rows
    from datetime import date

    for week, day, weekday in rows:
        monday, exact = date.fromisoformat(str(week)), date.fromisoformat(str(day))
        assert monday.weekday() == 0 and 0 <= (exact - monday).days < 7 and str(weekday)[0] == str(exact.isoweekday())


def test_forks_do_not_count(past: Database) -> None:
    assert one(past, "select max(cost_usd) from ask_runs", ZoneInfo("UTC")) == (0,)
    assert one(past, "select max(cost_usd) from ask_tickets", ZoneInfo("UTC")) == (0,)


def test_a_tools_cost_is_that_of_its_calls_and_of_the_approved_ones(database: Database) -> None:
    with clock_at(NOW):
        with database.transaction() as session:
            _tools(session)
        sql = "select tool, approved, failed, cost_usd, made_day from ask_tools order by cost_usd"
        rows = running.run(database, sql, ZoneInfo("UTC")).rows
    day = f"{NOW:%Y-%m-%d}"
    assert [tuple(row) for row in rows] == [
        ("past_tickets", 0, 0, 0.0, day), ("order_state", 0, 1, 0.02, day), ("change_address", 1, 0, 0.05, day),
    ]  # fmt: skip


def _tools(session: Session) -> None:
    """A run with a call of the desk's own and one of a connected tool, and two proposed calls, one of them carried out."""
    session.add(user := User(email="ada@desk.example", name="Ada", role=Role.ADMIN))
    session.add(ticket := Ticket())
    session.flush()
    session.add_all([
        episode := Episode(ticket_id=ticket.id or 0),
        connection := Connection(name="Orders", base_url="https://orders.example", created_by=user.id or 0),
    ])  # fmt: skip
    session.flush()
    tool = ConnectedTool(
        connection_id=connection.id or 0, name="change_address", method="PATCH", path="/", effect="propose", created_by=user.id or 0
    )  # fmt: skip
    session.add_all([tool, Run(id="r", ticket_id=ticket.id or 0, episode_id=episode.id)])
    session.flush()
    session.add_all([
        RunStep(run_id="r", ordinal=0, kind="tool", name="past_tickets"),
        RunStep(run_id="r", ordinal=1, kind="tool", name="order_state", cost_usd=0.02, error="ToolDown: too slow"),
        RunStep(run_id="r", ordinal=2, kind="model", role="writer", name="gpt-5", cost_usd=0.3),
        *(Proposal(ticket_id=ticket.id or 0, run_id="r", tool_id=tool.id or 0, tool=tool.name, digest="", seal=status, status=status,
                   cost_usd=cost, ended_at=NOW) for status, cost in (("done", 0.05), ("refused", 0.0))),
    ])  # fmt: skip


def test_a_changed_definition_makes_the_views_anew(database: Database) -> None:
    with database.engine.begin() as connection:
        assert reporting.is_current(connection)
        connection.exec_driver_sql("DROP VIEW ask_guards")
        connection.exec_driver_sql("CREATE VIEW ask_guards AS SELECT 1 AS ticket_id")
        if not database.is_sqlite:
            connection.exec_driver_sql("COMMENT ON VIEW ask_tickets IS 'of an older program'")
        assert not reporting.is_current(connection)
    migrate(database)
    with database.engine.begin() as connection:
        assert reporting.is_current(connection)
