"""What agents and tools cost: each part by its own price of the day, and together all that was spent."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, func, select

from benchmarks.year import rows, story
from tests.homes import fresh
from triage.database import Database
from triage.learning.metrics import BusinessHours, Counts, Filters, Window, compute, reports, rollups, slices
from triage.models import Episode, MetricChange, Proposal, Run, RunStep, Ticket, clock_at
from triage.settings import Settings

UNTIL = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def year() -> story.Year:
    return story.tell(600, UNTIL)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, year: story.Year) -> Iterator[Database]:
    database = fresh(Settings(home=tmp_path_factory.mktemp("costs")))
    with clock_at(UNTIL):
        rows.write(database, year)
        rollups.refresh(database)
        yield database
    database.close()


@pytest.fixture
def session(counted: Database) -> Iterator[Session]:
    with clock_at(UNTIL), counted.read() as session:
        yield session


@pytest.fixture
def whole() -> Window:
    with clock_at(UNTIL):
        return Window.last(400, BusinessHours())


def test_each_tool_costs_what_its_calls_did_when_they_were_made(session: Session, whole: Window, year: story.Year) -> None:
    paid: dict[str, float] = defaultdict(float)
    made: Counter[str] = Counter()
    for run in (run for episode in year.episodes if not episode.training for run in episode.runs if not run.fork):
        for step in run.steps:
            paid[step.name] += step.cost if step.kind == "tool" else 0.0
            made[step.name] += step.kind == "tool"
        for call in run.calls:
            paid[call.tool] += call.cost
    tools = {speed.name: speed for speed in reports.speeds(Counts(session), whole) if speed.kind == "tool"}
    assert {name: speed.cost_usd for name, speed in tools.items()} == pytest.approx({name: paid[name] for name in tools})
    assert tools["customer"].cost_usd == 0.0 and tools["change_address"].cost_usd > 0
    low, high = (price * made["orders"] for price in story.PRICES)
    assert low < tools["orders"].cost_usd < high, "a later price rewrites nothing"


def test_agents_and_tools_are_together_all_that_was_spent(session: Session, whole: Window) -> None:
    speeds = reports.speeds(Counts(session), whole)
    parts = sum(speed.cost_usd for speed in speeds if speed.kind != "model")  # a model's cost is its agents'
    total = session.exec(
        select(func.sum(Run.cost_usd)).join(Ticket, col(Ticket.id) == Run.ticket_id).where(col(Run.forked_at).is_(None), col(Ticket.training).is_(False))
    ).one()  # fmt: skip
    assert parts == pytest.approx(total)
    person = reports.speeds(Counts(session), whole, Filters(person=3))
    assert 0 < sum(speed.cost_usd for speed in person if speed.kind != "model") < parts
    names = ("cost_of_agents", "cost_of_tools", "cost_of_calls")
    assert parts == pytest.approx(sum(compute(session, name, whole).value or 0.0 for name in names))


def test_an_approved_call_moves_the_figures_of_its_day(database: Database) -> None:
    """Carried out days later, by whoever: the day of the ticket is counted anew."""
    with clock_at(UNTIL):
        with database.transaction() as session:
            number = _a_call(session)
        rollups.refresh(database)
        window = Window.last(30, BusinessHours())
        with database.read() as session:
            assert Counts(session).compute("cost_of_calls", window).denominator == 0
        with database.transaction() as session:
            row = session.get_one(Proposal, number)
            row.status, row.cost_usd = "done", 0.05
            session.add(row)
        with database.read() as session:
            assert session.exec(select(func.count()).select_from(MetricChange)).one() > 0
            figure = Counts(session).compute("cost_of_calls", window)
            assert (figure.value, figure.denominator) == (0.05, 1) == (compute(session, "cost_of_calls", window).value, 1)
            [part] = slices(session, "cost_of_calls", window, by="tool")
            assert (part.label, part.figure.value) == ("change_address", 0.05)
        rollups.refresh(database)
        with database.read() as session:
            assert Counts(session).compute("cost_of_calls", window) == figure


def _a_call(session: Session) -> int:
    """A ticket of three days ago with a run whose agents proposed a call."""
    year = story.Year([], [])
    made = rows.Rows(year)
    for table, these in ((rows.User, made.people()), (rows.Connection, made.connections()), (rows.ConnectedTool, made.tools())):
        session.add_all(table(**row) for row in these)
        session.flush()
    ticket = Ticket(source_id="t", requester_email="priya@mail.example")
    session.add(ticket)
    session.flush()
    episode = Episode(ticket_id=ticket.id or 0, started_at=UNTIL - timedelta(days=3))
    session.add(episode)
    session.flush()
    run = Run(ticket_id=ticket.id or 0, episode_id=episode.id)
    session.add(run)
    session.flush()
    session.add(RunStep(run_id=run.id, ordinal=0, kind="tool", name="change_address"))
    call = Proposal(ticket_id=ticket.id or 0, run_id=run.id, tool_id=1, tool="change_address", digest="", status="waiting")
    session.add(call)
    session.flush()
    return call.id or 0
