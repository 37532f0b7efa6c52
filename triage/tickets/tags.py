"""Tags: words that people put on tickets, free of any list, completed from those in use."""

import unicodedata
import zlib
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, false, func
from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import Ticket, TicketTag, User
from triage.runs import refuse_exercise

LONGEST = 40
MOST = 20
TONES = 6
"""How many quiet colours tags have; a tag has the same one everywhere."""


def clean(tag: str) -> str:
    """As tags are kept: small letters, words joined by "-". Raises InputError for one that is empty or too long."""
    text = "".join(char if char.isalnum() or char in "._+/&" else " " for char in unicodedata.normalize("NFKC", tag).lower())
    text = "-".join(text.split())
    if not text or len(text) > LONGEST:
        raise InputError(f"A tag is a word or two, at most {LONGEST} characters: “{tag[:60]}” is not.")
    return text


def tone(tag: str) -> int:
    """Which of the quiet colours a tag has, 0 to TONES - 1."""
    return zlib.crc32(tag.encode()) % TONES


def of(session: Session, ticket_id: int) -> list[str]:
    """The tags of a ticket, by alphabet."""
    return list(session.exec(select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id).order_by(TicketTag.tag)))


def of_many(session: Session, ticket_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of several tickets, in one query."""
    found: dict[int, list[str]] = {}
    if ticket_ids:
        rows = select(TicketTag.ticket_id, TicketTag.tag).where(col(TicketTag.ticket_id).in_(ticket_ids)).order_by(TicketTag.tag)
        for number, tag in session.exec(rows):
            found.setdefault(number, []).append(tag)
    return found


def condition(tag: str) -> ColumnElement[bool]:
    """Tickets that carry a tag, for the queue's own statements; none for what cannot be a tag."""
    try:
        wanted = clean(tag)
    except InputError:
        return false()
    return col(Ticket.id).in_(select(TicketTag.ticket_id).where(TicketTag.tag == wanted))


def in_use(session: Session, most: int = 200) -> list[str]:
    """The tags that tickets carry, the most used first."""
    counted = select(TicketTag.tag).group_by(TicketTag.tag).order_by(func.count().desc(), TicketTag.tag)
    return list(session.exec(counted.limit(most)))


def add(session: Session, user: User, ticket_id: int, wanted: Sequence[str]) -> list[str]:
    """Put tags on a ticket; returns those that are new there."""
    known = of(session, ticket_id)
    fresh = [tag for tag in dict.fromkeys(clean(tag) for tag in wanted) if tag not in known]
    if fresh:
        put(session, user, ticket_id, [*known, *fresh])
    return fresh


def put(session: Session, user: User, ticket_id: int, wanted: Sequence[str]) -> None:
    """Make these the tags of a ticket. Raises InputError for one that cannot be a tag, or too many."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    if (ticket := session.get(Ticket, ticket_id)) is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    refuse_exercise(ticket)
    kept = sorted({clean(tag) for tag in wanted})
    if len(kept) > MOST:
        raise InputError(f"A ticket takes at most {MOST} tags.")
    was = of(session, ticket_id)
    if kept == was:
        return
    if gone := [tag for tag in was if tag not in kept]:
        session.execute(delete(TicketTag).where(col(TicketTag.ticket_id) == ticket_id, col(TicketTag.tag).in_(gone)))
    session.add_all(TicketTag(ticket_id=ticket_id, tag=tag) for tag in kept if tag not in was)
    session.flush()
    audit.append(session, "tags", actor=user.actor, ticket_id=ticket_id, was=was, to=kept)
