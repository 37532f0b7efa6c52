"""Rows that many tests need: people, a ticket with a message, a sealed draft."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from triage import replies
from triage.models import Draft, Episode, Message, Role, Status, Ticket, User

Enqueued = list[tuple[str, str, tuple[object, ...]]]


def recorder_of(enqueued: Enqueued) -> Callable[..., None]:
    """An enqueue function that only notes what was asked for, for tests of the transaction around it."""

    def enqueue(session: Session, kind: str, key: str, *args: object, delay: float = 0.0) -> None:
        enqueued.append((kind, key, args))

    return enqueue


def person(session: Session, role: Role = Role.STAFF, name: str = "Nadia") -> User:
    user = User(email=f"{name.lower()}-{role}@desk.example", name=name, role=role)
    session.add(user)
    session.flush()
    return user


def ticket(
    session: Session, *, email: str = "priya@customer.example", body: str = "How do I descale it?", **fields: Any
) -> Ticket:
    """A ticket with one message, in the middle of triage."""
    row = Ticket(
        subject="Descaling",
        requester_email=email,
        requester_name="Priya",
        **{"status": Status.TRIAGING, "language": "en", **fields},
    )
    session.add(row)
    session.flush()
    episode = Episode(ticket_id=row.id or 0, language="en")
    session.add(episode)
    session.flush()
    row.episode_id = episode.id
    say(session, row, body)
    return row


def say(session: Session, ticket: Ticket, body: str) -> Message:
    """The customer writes (again)."""
    message = Message(
        ticket_id=ticket.id or 0, episode_id=ticket.episode_id, author_email=ticket.requester_email, subject=ticket.subject, body=body,
        message_id=f"<{ticket.id}-{len(body)}@customer.example>", references=["<first@customer.example>"],
    )  # fmt: skip
    session.add(message)
    session.flush()
    ticket.thread_head = message.id
    session.add(ticket)
    session.flush()
    return message


def waiting_draft(
    session: Session, ticket: Ticket, *, body: str = "Hello Priya,\n\nUse ClearCal every three months.", **fields: Any
) -> Draft:
    """A sealed draft that waits for a person."""
    sentences = [{"text": "Use ClearCal every three months.", "kind": "fact", "supported": True, "passages": []}]
    draft = Draft(**{
        "ticket_id": ticket.id, "episode_id": ticket.episode_id, "subject": "Re: Descaling", "body": body,
        "sentences": replies.locate(body, sentences), **fields,
    })  # fmt: skip
    replies.seal(session, draft, ticket)
    ticket.status = replies.waiting_status(draft)
    session.add(ticket)
    session.flush()
    return draft
