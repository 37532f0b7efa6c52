import random
from typing import Any

import pytest
from sqlmodel import Session

from tests.desks import person, ticket, waiting_draft
from triage import approval, replies
from triage.models import DecisionKind, Exercise, ReviewerConsent, Ticket, User, now
from triage.reviewing import making
from triage.settings import Settings

BODY = "Hello Priya,\n\nDescale the machine every 3 months with ClearCal. One bag makes 2 litres.\n\nBest regards"


def nothing(*_args: object, **_more: object) -> None:
    """Work for nobody."""


def sent_by(session: Session, settings: Settings, user: User, body: str = BODY, **fields: Any) -> Ticket:
    """A ticket whose draft this person sent word for word."""
    row = ticket(session, **fields)
    texts = ["Descale the machine every 3 months with ClearCal.", "One bag makes 2 litres."]
    sentences = [{"text": text, "kind": "fact", "supported": True, "passages": ["descale#1"]} for text in texts]
    draft = waiting_draft(session, row, body=body, sentences=replies.locate(body, sentences), plan={"questions": ["How often?"]})
    approval.decide(session, nothing, settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal)
    return row


@pytest.fixture
def people(database: Any, settings: Settings) -> tuple[User, User]:
    """Nadia, who wants signals, and Tom, who sent a reply as it was."""
    with database.transaction() as session:
        nadia, tom = person(session), person(session, name="Tom")
        session.add(ReviewerConsent(user_id=nadia.id or 0, since=now()))
        sent_by(session, settings, tom)
        return nadia, tom


@pytest.fixture
def exercise(database: Any, settings: Settings, people: tuple[User, User]) -> Exercise:
    """What waits for Nadia."""
    with database.transaction() as session:
        made = making.make(session, settings, people[0], random.Random(1))
        assert made is not None
        return made
