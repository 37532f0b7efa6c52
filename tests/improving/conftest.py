"""A desk whose people found no answer to the same question several times."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from tests.desks import person, say
from triage import approval, replies
from triage.models import DecisionKind, Draft, Episode, Role, Status, Ticket, User, now
from triage.office import Desk
from triage.settings import Settings

QUESTIONS = (
    "Do you ship to Norway?",
    "Can I have a kettle delivered to Norway?",
    "Is delivery to Norway possible?",
    "Will you ship to Oslo in Norway?",
)
ANSWER = (
    "Hello {name},\n\nThank you for writing. We do not ship to Norway yet. A forwarding address in Sweden works: customs are yours to pay.\n\n"
    "1. Choose Sweden at the checkout.\n2. Enter the address of the forwarder.\n\nYour order KT-10001 is on its way, {name}.\n\nKind regards\nTom"
)  # fmt: skip

Ask = Callable[..., int]


@pytest.fixture
def admin(desk: Desk) -> User:
    with desk.database.transaction() as session:
        return person(session, Role.ADMIN, "Ines")


@pytest.fixture
def manager(desk: Desk) -> User:
    with desk.database.transaction() as session:
        return person(session, Role.MANAGER, "Marco")


@pytest.fixture
def ask(desk: Desk, manager: User) -> Ask:
    """A ticket that was escalated for missing knowledge; with `answer`, the manager answered it, working for `seconds`."""

    def asked(question: str, *, answer: str = "", seconds: float = 300.0, name: str = "Priya Raman", **fields: Any) -> int:
        with desk.database.transaction() as session:
            number = _escalated(session, question, name, fields)
            if answer:
                _answer(session, desk.settings, manager, number, answer.format(name=name.split()[0]), seconds)
            return number

    return asked


def _escalated(session: Session, question: str, name: str, fields: dict[str, Any]) -> int:
    address = f"{name.split()[0].lower()}@customer.example"
    ticket = Ticket(subject="A question", requester_email=address, requester_name=name, language="en", status=Status.ESCALATED, approver="manager", **fields)  # fmt: skip
    session.add(ticket)
    session.flush()
    episode = Episode(ticket_id=ticket.id or 0, language="en", escalated_at=now(), escalation_reason="missing_knowledge", started_at=ticket.created_at)  # fmt: skip
    session.add(episode)
    session.flush()
    ticket.episode_id = episode.id
    say(session, ticket, question)
    holding = Draft(ticket_id=ticket.id or 0, episode_id=episode.id or 0, kind="holding", body="A colleague looks at it.", plan={"questions": [question]}, facts={"unanswered": [question]})  # fmt: skip
    replies.seal(session, holding, ticket)
    return ticket.id or 0


def _answer(session: Session, settings: Settings, manager: User, number: int, text: str, seconds: float) -> None:
    draft = replies.write_reply(session, manager, number, text)
    approval.decide(
        session, lambda *_, **__: None, settings, manager, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal, active_seconds=seconds
    )  # fmt: skip
