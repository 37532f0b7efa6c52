"""What an exercise shows: a ticket, its message and a draft, kept as plain values and given back as rows that no database holds.

Nothing of them can be stored, decided, sent or counted by mistake: they have no place in any table, and the draft's number
is one that no draft has.
"""

from typing import Any

from sqlmodel import Session, col, select

from triage.models import Draft, Exercise, Message, Status, Ticket, User

_TICKET = (
    "channel", "subject", "requester_name", "requester_email", "customer_id", "identity", "category", "priority", "sentiment",
    "language", "confidence", "risk", "team",
)  # fmt: skip
_MESSAGE = ("author_name", "author_email", "subject", "body", "quoted", "signature", "language")
_DRAFT = (
    "kind", "subject", "recipient", "citations", "plan", "facts", "review", "article_versions", "confidence", "model", "degraded",
)  # fmt: skip


def of(ticket: Ticket, message: Message, draft: Draft, body: str, sentences: list[dict[str, object]]) -> dict[str, object]:
    """The values of a ticket with one message and its draft, with another text in the draft's place."""
    return {
        "ticket": _values(ticket, _TICKET),
        "message": _values(message, _MESSAGE),
        "draft": {**_values(draft, _DRAFT), "body": body, "sentences": sentences},
    }


def waiting(session: Session, user: User) -> Exercise | None:
    """The exercise that waits for this person."""
    return session.exec(
        select(Exercise).where(Exercise.user_id == user.id, Exercise.ended == "").order_by(col(Exercise.id))
    ).first()


def shown(session: Session, user: User | None, ticket_id: int) -> Exercise | None:
    """The exercise behind a ticket's number while it waits, for the person it was made for; None for everybody else."""
    if user is None:
        return None
    of_person = select(Exercise).where(Exercise.ticket_id == ticket_id, Exercise.user_id == user.id, Exercise.ended == "")
    return session.exec(of_person).first()


def ticket(exercise: Exercise, held: Ticket | None = None) -> Ticket:
    """The ticket as its person sees it; `held` is the bare one, which knows who has it open."""
    return Ticket(
        id=exercise.ticket_id, training=True, status=Status.AWAITING_APPROVAL, draft_id=-(exercise.id or 0),
        created_at=exercise.made_at, updated_at=exercise.made_at,
        claimed_by=held.claimed_by if held else None, claimed_until=held.claimed_until if held else None, **_part(exercise, "ticket"),
    )  # fmt: skip


def message(exercise: Exercise) -> Message:
    """What the customer wrote."""
    return Message(
        ticket_id=exercise.ticket_id, direction="in", created_at=exercise.made_at, sent_at=exercise.made_at,
        **_part(exercise, "message"),
    )  # fmt: skip


def draft(exercise: Exercise) -> Draft:
    """The draft with its defect."""
    return Draft(
        id=-(exercise.id or 0), ticket_id=exercise.ticket_id, episode_id=0, version=1, status="waiting", approver="staff",
        created_by="agents", created_at=exercise.made_at, **_part(exercise, "draft"),
    )  # fmt: skip


def said(session: Session, ticket_id: int) -> str:
    """What the customer wrote in the exercise behind a ticket's number."""
    found = session.exec(select(Exercise).where(Exercise.ticket_id == ticket_id, Exercise.ended == "")).first()
    return "" if found is None else f"{_part(found, 'ticket')['subject']}\n{_part(found, 'message')['body']}"


def _part(exercise: Exercise, name: str) -> dict[str, Any]:
    found: Any = exercise.shown[name]
    return dict(found)


def _values(row: Ticket | Message | Draft, names: tuple[str, ...]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}
