"""Alerts on synthetic histories: what is unusual is told once, steady noise is not."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlmodel import Session, col, select

from triage import alerts
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.models import Alert, GuardVerdict, Message, Notification, Role, Run, RunStep, Spend, Ticket, User, clock_at, now


@pytest.fixture
def ticket_id(database: Database) -> int:
    with database.transaction() as session:
        ticket = Ticket(subject="Hello", requester_email="a@b.example")
        session.add(ticket)
    return ticket.id or 0


def kinds(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(found.kind for found in alerts.look(session))


def usual_days(session: Session, ticket_id: int, moment: datetime, **fields: Any) -> None:
    """Two weeks of a run an hour."""
    session.add_all(
        Run(ticket_id=ticket_id, status="ended", started_at=moment - timedelta(hours=hour), **fields) for hour in range(30, 340)
    )


def test_steady_noise_raises_no_alarm() -> None:
    """A year of hours by day and night, checked every five minutes with a sliding hour, of quiet and of busy desks."""
    dice, alarms, checks = np.random.default_rng(7), 0, 0
    for busy in (0.5, 5.0, 80.0, 400.0):
        rhythm = 1 + 0.8 * np.sin(np.arange(24) / 24 * 2 * np.pi)
        slots = dice.poisson(np.repeat(np.tile(rhythm, 105), 12) * busy / 12)
        hours = slots.reshape(-1, 12).sum(axis=1)
        for at in range(14 * 24 * 12 + 12, len(slots), 7):
            hour = at // 12
            usual = [hours[hour - 24 * day - off] for day in range(1, 15) for off in (-1, 0, 1)]
            alarms += alerts.spike(float(slots[at - 12 : at].sum()), usual, 10.0) is not None
            checks += 1
    assert checks > 14_000 and alarms == 0


@pytest.mark.parametrize(
    ("usual", "value", "alarm"),
    [(0, 9, False), (0, 16, True), (3, 12, False), (3, 25, True), (100, 140, False), (100, 200, True)],
)
def test_a_spike_is_far_outside_the_usual(usual: float, value: float, alarm: bool) -> None:
    assert (alerts.spike(value, [usual] * 40, 10.0) is not None) is alarm
    assert alerts.spike(value, [usual] * 5, 10.0) is None


def test_spikes_of_cost_errors_and_blocks(database: Database, ticket_id: int) -> None:
    moment = now()
    with database.transaction() as session:
        usual_days(session, ticket_id, moment, cost_usd=0.1)
    assert kinds(database) == []
    with database.transaction() as session:
        lately = moment - timedelta(minutes=20)
        session.add_all(Run(ticket_id=ticket_id + 0, started_at=lately, status="failed", cost_usd=0.3) for _ in range(25))
        session.add_all(
            GuardVerdict(ticket_id=ticket_id, stage="output", rule="links", verdict="block", created_at=lately) for _ in range(30)
        )
    assert kinds(database) == ["block_spike", "cost_spike", "error_spike", "loop_runs"]


def test_more_blocks_among_more_tickets_are_no_spike(database: Database, ticket_id: int) -> None:
    with database.transaction() as session:
        tickets = [Ticket(subject="Hello", requester_email=f"{number}@b.example") for number in range(200)]
        session.add_all(tickets)
        session.flush()
        usual_days(session, ticket_id, now())
        session.add_all(Run(ticket_id=ticket.id or 0, status="ended") for ticket in tickets)
        session.add_all(GuardVerdict(ticket_id=ticket_id, stage="output", rule="links", verdict="block") for _ in range(30))
    assert kinds(database) == []


def test_a_dear_day_and_a_model_that_refuses(database: Database) -> None:
    with database.transaction() as session:
        for day in range(1, 25):
            session.add(Spend(day=(now() - timedelta(days=day)).date().isoformat(), scope="workspace", cost_usd=8.0 + day % 3))
        session.add(Spend(day=now().date().isoformat(), scope="workspace", cost_usd=12.0))
        session.add(Spend(day=now().date().isoformat(), scope="refused:gpt-5", calls=9))
    assert kinds(database) == []
    with database.transaction() as session:
        session.get_one(Spend, (now().date().isoformat(), "workspace")).cost_usd = 60.0
        session.get_one(Spend, (now().date().isoformat(), "refused:gpt-5")).calls = 50
    assert kinds(database) == ["cost_spike", "refusal_spike"]


def test_loops(database: Database, ticket_id: int) -> None:
    with database.transaction() as session:
        session.add(Run(id="loop", ticket_id=ticket_id))
        session.flush()
        for ordinal in range(5):
            request = "same" if ordinal < 4 else "other"
            session.add(RunStep(run_id="loop", ordinal=ordinal, kind="tool", name="search_knowledge", request_hash=request))
        for minute in range(0, 80, 10):
            at = now() - timedelta(minutes=90 - minute)
            session.add(Message(ticket_id=ticket_id, direction="out", created_at=at))
            session.flush()
            session.add(Message(ticket_id=ticket_id, direction="in", created_at=at + timedelta(seconds=40)))
            session.flush()
            session.add(Run(ticket_id=ticket_id, cause="reply"))
    assert kinds(database) == ["loop_runs", "loop_tool", "ping_pong"]


def test_a_flood_is_told_once_a_sender(database: Database) -> None:
    with database.transaction() as session:
        held = {"status": "quarantined", "reason": "flood"}
        session.add_all(Ticket(requester_email=f"{name}@x.example", **held) for name in ("a", "a", "b"))
    with database.read() as session:
        assert sorted((one.kind, one.figures["messages"]) for one in alerts.look(session)) == [("flood", 1), ("flood", 2)]


def test_an_alert_is_told_once_acknowledged_with_a_word_and_closes(database: Database, ticket_id: int) -> None:
    with database.transaction() as session:
        people = {role: User(email=f"{role}@a.example", name=str(role), role=role) for role in Role}
        session.add_all([*people.values(), *(Run(ticket_id=ticket_id) for _ in range(9))])
    for _ in range(3):
        database.run_now(alerts.watch)
    with database.read() as session:
        (row,) = alerts.listing(session, people[Role.MANAGER])
        told = session.exec(select(Notification.role).where(Notification.kind == "alert").order_by(col(Notification.role))).all()
        assert (row.alert.kind, row.alert.status, row.alert.seen, row.alert.ticket_id) == ("loop_runs", "open", 3, ticket_id)
        assert told == ["manager"] and alerts.open_count(session) == 1
    number = row.alert.id or 0
    for user, word, error in ((people[Role.STAFF], "x", AccessError), (people[Role.MANAGER], "  ", InputError)):
        with pytest.raises(error):
            database.run_now(lambda s, user=user, word=word: alerts.acknowledge(s, user, number, word))
    database.run_now(lambda s: alerts.acknowledge(s, people[Role.MANAGER], number, "The customer tests us."))
    with pytest.raises(ConflictError):
        database.run_now(lambda s: alerts.acknowledge(s, people[Role.ADMIN], number, "Me too."))
    database.run_now(alerts.watch)
    with database.read() as session:
        row = alerts.listing(session, people[Role.ADMIN])[0]
        assert (row.alert.status, row.by, row.alert.seen) == ("acknowledged", "manager", 4) and alerts.open_count(session) == 0
    with clock_at(now() + timedelta(hours=30)):
        assert database.run_now(alerts.watch) == "0 alerts opened, 1 closed"
    with database.read() as session:
        assert [(one.status, one.active) for one in session.exec(select(Alert))] == [("closed", None)]
