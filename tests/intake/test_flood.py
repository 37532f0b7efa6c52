"""A flood of one sender is set aside where people see it, and nothing of it is lost."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from triage.database import Database
from triage.errors import AccessError
from triage.guardrails import overview
from triage.intake.message import Incoming, Receipt
from triage.intake.receive import receive
from triage.models import Message, Quarantine, Role, Status, Ticket, User, clock_at, now
from triage.settings import Settings
from triage.tickets import work


def mail(number: int, sender: str = "loud@shop.example") -> Incoming:
    return Incoming(
        source_id=f"{sender}-{number}",
        subject=f"Question {number}",
        body=f"Where is parcel number {number}{number}?",
        sender_email=sender,
    )


def taken_in(database: Database, settings: Settings, incoming: Incoming, **options: Any) -> Receipt:
    return database.run_now(lambda s: receive(s, incoming, settings, enqueue=lambda *_: None, **options))


def test_past_the_limit_messages_wait_for_a_person(database: Database, settings: Settings) -> None:
    settings = settings.model_copy(update={"sender_hour_messages": 12})
    outcomes = [taken_in(database, settings, mail(number)).outcome for number in range(15)]
    assert outcomes == ["created"] * 12 + ["quarantined"] * 3
    assert taken_in(database, settings, mail(1, "quiet@shop.example")).outcome == "created"
    assert taken_in(database, settings, mail(20), by_hand=True).outcome == "created"
    again = taken_in(database, settings, mail(14))
    assert again.again and again.outcome == "quarantined"
    with clock_at(now() + timedelta(minutes=61)):
        assert taken_in(database, settings, mail(21)).outcome == "created"
    with database.read() as session:
        assert len(session.exec(select(Message)).all()) == 18
        held = session.exec(select(Quarantine).order_by(col(Quarantine.id))).all()
        assert {row.reason for row in held} == {"flood"} and "12 messages in the hour before" in held[0].detail


def test_a_person_lets_all_of_them_in_at_once(database: Database, settings: Settings) -> None:
    settings = settings.model_copy(update={"sender_hour_messages": 10})
    for number in range(13):
        taken_in(database, settings, mail(number))
    enqueued: list[object] = []
    with database.transaction() as session:
        staff, gone = User(email="s@d.example", name="S", role=Role.STAFF), User(email="g@d.example", name="G", disabled_at=now())
        session.add_all([staff, gone])

    def let_in(user: User, sender: str) -> int:
        return database.run_now(lambda s: work.let_all_in(s, user, lambda *what, **_: enqueued.append(what), sender))

    with pytest.raises(AccessError):
        let_in(gone, "loud@shop.example")
    assert let_in(staff, "somebody@else.example") == 0
    assert let_in(staff, "loud@shop.example") == 3 and len(enqueued) == 3
    with database.read() as session:
        assert {ticket.status for ticket in session.exec(select(Ticket))} == {Status.RECEIVED}
        flood = next(row for row in overview.rules(session) if row.name == "flood")
        assert (flood.fired, flood.overruled, flood.days[-1]) == (3, 3, 3)
