"""Days counted beforehand give what the tables give, whatever happens late."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, func, select

from tests.learning.conftest import NOW, fill
from triage.database import Database, migrate, open_database
from triage.learning.metrics import METRICS, BusinessHours, Counts, Filters, Window, compute, report, rollups, series, slices
from triage.learning.metrics.shape import shape_of
from triage.learning.metrics.window import EVERYTHING
from triage.models import (
    BreakerOpening,
    CsatRequest,
    Decision,
    Draft,
    Edit,
    Episode,
    Message,
    MetricChange,
    MetricDay,
    PassageUse,
    Run,
    RunStep,
    SearchRecord,
    Ticket,
    clock_at,
)
from triage.settings import Settings
from triage.sla.plan import DESK, current, kept

HOURS = BusinessHours()


@pytest.fixture
def desk(database: Database) -> Iterator[Database]:
    """A desk with a past, counted, on either database."""
    with clock_at(NOW):
        with database.transaction() as session:
            fill(session)
        rollups.refresh(database)
        yield database


def differences(database: Database, window: Window, filters: Filters = EVERYTHING) -> list[str]:
    """Metrics whose figure from counted days is not that of the tables."""
    with database.read() as session:
        counts = Counts(session)
        return [name for name in METRICS if counts.compute(name, window, filters) != compute(session, name, window, filters)]


def test_every_figure_day_and_part_is_that_of_the_tables(desk: Database) -> None:
    window = Window.last(30, HOURS)
    with desk.read() as session:
        assert rollups.stale(session, HOURS) == set()
        counts, fresh = Counts(session), Counts(session, rollups=False)
        for filters in (Filters(), Filters(language="de", person=1)):
            assert differences(desk, window, filters) == []
        for name, metric in METRICS.items():
            assert counts.compute(name, window) == fresh.compute(name, window)
            assert counts.series(name, window) == series(session, name, window)
            for by in ("category", "person", *metric.breakdowns, *metric.splits):
                assert counts.slices(name, window, by=by) == slices(session, name, window, by=by)


def test_counted_days_are_what_is_read(desk: Database) -> None:
    window = Window.last(30, HOURS)
    with desk.transaction() as session:
        for day in session.exec(select(MetricDay).where(MetricDay.kind == "episodes")):
            day.records, day.mark = b"", ""
            session.add(day)
    with desk.read() as session:
        today = compute(session, "volume", Window.last(1, HOURS)).numerator
        told = {row["metric"]: row for row in report(session, window)}
        assert told["volume"]["numerator"] == today < compute(session, "volume", window).numerator
        assert told["rejection_rate"]["denominator"] == compute(session, "rejection_rate", window).denominator


def test_metrics_that_say_the_same_of_a_case_share_it() -> None:
    p50, p95, p99 = (
        shape_of(METRICS[name]).recipes[name] for name in ("agent_latency_p50", "agent_latency_p95", "agent_latency_p99")
    )
    assert p50 == p95 == p99
    other = shape_of(METRICS["tool_latency_p50"]).recipes["tool_latency_p50"]
    assert other.value == p50.value and (other.where, other.hit) != (p50.where, p50.hit)


def test_other_business_hours_count_every_day_anew(desk: Database) -> None:
    window = Window.last(30, HOURS)
    with desk.transaction() as session:
        before = Counts(session).compute("first_reply_business", window)
        plan = current(session)[1]
        hours = {**plan.hours, DESK: plan.hours[DESK].model_copy(update={"week": "Mon-Sun 00:00-24:00"})}
        plan = plan.model_copy(update={"hours": hours})
        kept(session, plan, user_id=None)
    with desk.read() as session:
        counts = Counts(session)
        assert counts.compute("first_reply_business", window) == compute(session, "first_reply_business", window) != before
    assert differences(desk, window) == []
    assert rollups.refresh(desk) != "0 days counted"
    assert rollups.refresh(desk) == "0 days counted"


def test_time_alone_moves_what_it_should(desk: Database) -> None:
    """A week later more episodes are old enough and targets have passed, though no row has moved."""
    window = Window.last(14, HOURS)
    with desk.read() as session:
        before = Counts(session).compute("durable_resolution", window)
    with clock_at(NOW + timedelta(days=8)):
        with desk.read() as session:
            after = Counts(session).compute("durable_resolution", window)
        assert after.denominator > before.denominator
        assert differences(desk, window) == []


# ---- late events --------------------------------------------------------------------------------------------


def _reopen(session: Session, episode: Episode) -> None:
    later = (episode.resolved_at or episode.started_at) + timedelta(days=2)
    session.add(Episode(ticket_id=episode.ticket_id, number=episode.number + 1, started_at=later, category=episode.category))


def _return(session: Session, episode: Episode) -> None:
    """The same customer with another ticket on the same matter."""
    ticket = session.get_one(Ticket, episode.ticket_id)
    other = Ticket(customer_id=ticket.customer_id, category=episode.category)
    session.add(other)
    session.flush()
    later = (episode.resolved_at or episode.started_at) + timedelta(days=1)
    session.add(Episode(ticket_id=other.id or 0, started_at=later, category=episode.category))


def _rate(session: Session, episode: Episode) -> None:
    episode.csat = 2
    session.add_all([episode, CsatRequest(episode_id=episode.id or 0, ticket_id=episode.ticket_id, status="answered")])


def _label(session: Session, episode: Episode) -> None:
    episode.escalation_label = "missed" if episode.escalated_at is None else "false"
    episode.final_category, episode.said_category = "billing_payments", "orders_shipping"
    session.add(episode)


def _undo(session: Session, episode: Episode) -> None:
    for decision in session.exec(select(Decision).where(Decision.episode_id == episode.id)):
        decision.undone_at = NOW
        session.add(decision)


def _edit(session: Session, episode: Episode) -> None:
    for decision in session.exec(select(Decision).where(Decision.episode_id == episode.id)):
        edits = session.exec(select(func.count(col(Edit.id))).where(Edit.decision_id == decision.id)).one()
        session.add(Edit(decision_id=decision.id or 0, ticket_id=episode.ticket_id, number=77 + edits, kind="tone"))


def _steps(session: Session, episode: Episode) -> None:
    run = Run(ticket_id=episode.ticket_id, episode_id=episode.id, ended_at=NOW, cost_usd=0.2, model="gpt-5")
    session.add(run)
    session.flush()
    session.add(RunStep(run_id=run.id, ordinal=0, kind="model", role="writer", name="gpt-5", seconds=3.0, error="ModelDown: no"))


def _fork(session: Session, episode: Episode) -> None:
    for run in session.exec(select(Run).where(Run.episode_id == episode.id)):
        run.forked_at = 2
        session.add(run)


def _evidence(session: Session, episode: Episode) -> None:
    for draft in session.exec(select(Draft).where(Draft.episode_id == episode.id)):
        session.add(PassageUse(draft_id=draft.id or 0, ticket_id=draft.ticket_id, passage="late#1", article="late", cited=True))
    session.add(SearchRecord(source="agents", query="late", ticket_id=episode.ticket_id, episode_id=episode.id))


def _say(session: Session, episode: Episode) -> None:
    session.add(Message(ticket_id=episode.ticket_id, episode_id=episode.id, direction="out", user_id=1, body="Hello"))


def _move_customer(session: Session, episode: Episode) -> None:
    ticket = session.get_one(Ticket, episode.ticket_id)
    ticket.customer_id = 1 if ticket.customer_id != 1 else 2
    session.add(ticket)


def _refile(session: Session, episode: Episode) -> None:
    ticket = session.get_one(Ticket, episode.ticket_id)
    ticket.category, ticket.language, ticket.training = "other", "fr", not ticket.training
    session.add(ticket)


def _earlier(session: Session, episode: Episode) -> None:
    episode.started_at -= timedelta(days=3)
    session.add(episode)


def _open_breaker(session: Session, episode: Episode) -> None:
    session.add(BreakerOpening(name="gpt-5", opened_at=episode.started_at))


LATE = (
    _reopen, _return, _rate, _label, _undo, _edit, _steps, _fork, _evidence, _say, _move_customer, _refile, _earlier, _open_breaker,
)  # fmt: skip
EVENTS = st.lists(st.tuples(st.sampled_from(LATE), st.integers(0, 10_000), st.booleans()), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A counted desk in a file, to copy."""
    home = tmp_path_factory.mktemp("counted")
    database = open_database(Settings(home=home))
    migrate(database)
    with clock_at(NOW):
        with database.transaction() as session:
            fill(session)
        rollups.refresh(database)
    database.close()
    return home / "triage.db"


@given(events=EVENTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_late_events_never_leave_a_wrong_figure(template: Path, tmp_path: Path, events: list[Any]) -> None:
    home = tmp_path / str(abs(hash(str(events))))
    home.mkdir(exist_ok=True)
    shutil.copy(template, home / "triage.db")
    database = open_database(Settings(home=home))
    try:
        with clock_at(NOW):
            _follow(database, events)
    finally:
        database.close()


def test_late_events_on_either_database(desk: Database) -> None:
    _follow(desk, [(event, 37 * number, number % 5 == 4) for number, event in enumerate(LATE)])


def _follow(database: Database, events: list[Any]) -> None:
    """Let late events come, sometimes counting anew between them; figures agree before and after the last counting."""
    window = Window(datetime(2026, 10, 1, 22, tzinfo=UTC), Window.last(1, HOURS).end)
    for event, place, count in events:
        with database.transaction() as session:
            episodes = session.exec(select(Episode).order_by(col(Episode.id))).all()
            event(session, episodes[place % len(episodes)])
        if count:
            rollups.refresh(database)
    assert differences(database, window) == []
    rollups.refresh(database)
    assert differences(database, window) == []
    with database.read() as session:
        assert session.exec(select(MetricChange.id)).first() is None
