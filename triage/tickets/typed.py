"""What people have typed into a ticket and not sent, kept while they type: it outlives the tab, the browser and the machine."""

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import Ticket, TypedText, User, now
from triage.spoken import spoken

REPLY, NOTE, CHANGES = "reply", "note", "changes"
MASTER = "master"  # the text for all of an incident, kept with one of its tickets; `draft_id` is the version it started from
FIELDS = (REPLY, NOTE, CHANGES, MASTER)
LONGEST = 100_000  # characters of one text
_KEPT = timedelta(days=30)


def keep(session: Session, user: User, ticket_id: int, field: str, text: str, *, draft_id: int | None = None) -> None:
    """Keep a text as it stands now; an empty one is kept too, as it may be what the person wants.

    `draft_id` is the draft it started from. Raises InputError for an unknown field or ticket, or a text that is too long.
    """
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    if field not in FIELDS:
        raise InputError(f"There is no field {field}.")
    if len(text) > LONGEST:
        raise InputError(f"This text has {len(text):,} characters; at most {LONGEST:,} are kept. Shorten it, or attach it.")
    row = session.get(TypedText, (user.id, ticket_id, field))
    if row is None:
        if session.get(Ticket, ticket_id) is None:
            raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
        row = TypedText(user_id=user.id or 0, ticket_id=ticket_id, field=field)
    row.text, row.draft_id, row.updated_at = spoken(text), draft_id, now()
    session.add(row)


def of(session: Session, user: User, ticket_id: int) -> dict[str, TypedText]:
    """What the person has typed into this ticket, by field."""
    found = session.exec(select(TypedText).where(TypedText.user_id == user.id, TypedText.ticket_id == ticket_id))
    return {row.field: row for row in found}


def forget(session: Session, user: User, ticket_id: int, *fields: str) -> None:
    """Drop what was typed into these fields: it was sent, or its author does not want it any more."""
    session.execute(
        delete(TypedText).where(
            col(TypedText.user_id) == user.id, col(TypedText.ticket_id) == ticket_id, col(TypedText.field).in_(fields)
        )
    )


def forget_old(session: Session) -> None:
    """Drop what nobody came back to for thirty days."""
    session.execute(delete(TypedText).where(col(TypedText.updated_at) < now() - _KEPT))
