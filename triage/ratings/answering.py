"""What a customer says behind the link: a score with a word, or that they do not want to be asked."""

from dataclasses import dataclass

from sqlmodel import Session, select

from triage import audit, confirming, locks, workspace
from triage.errors import InputError
from triage.models import CsatOptOut, CsatRequest, Episode, Message, Notification, Role, Status, Ticket, now
from triage.notifications.telling import name_of
from triage.ratings import links
from triage.settings import Settings
from triage.sla import clocks
from triage.spoken import spoken
from triage.transitions import move

LOW = 2
"""A score up to this is told to the team."""
GOOD = 4
"""A score from this on says that the matter is settled."""
_LONGEST = 2_000
_LONGEST_CHAIN = 20  # of merges
GONE = "This link is not valid, or is too old. Simply answer our last mail instead; a person reads it."


@dataclass(frozen=True)
class Standing:
    """Where a request stands, for its page."""

    language: str
    answered: bool
    score: int | None


def look_at(session: Session, settings: Settings, signed: str) -> Standing:
    """What the page of a link shows; changes nothing. Raises InputError when the link cannot be used."""
    request = _request(session, settings, signed)
    ticket = session.get_one(Ticket, request.ticket_id)
    return Standing(ticket.language, request.answered_at is not None, request.score)


def answer(session: Session, settings: Settings, signed: str, score: int, comment: str = "") -> None:
    """Take a score from 1 to 5 and a word; once. Raises InputError.

    A low score changes the ticket, or the one it went into: tickets are held before the request, as triage.locks says.
    """
    _hold(session, _request(session, settings, signed).ticket_id)
    request = _request(session, settings, signed, lock=True)
    if request.answered_at is not None:
        raise InputError("You have answered already; thank you. Answer our last mail if there is more to say.")
    if score not in range(1, 6):
        raise InputError("Choose one of the five answers.")
    said = "\n".join(" ".join(line.split()) for line in spoken(comment).splitlines()).strip()[:_LONGEST]
    ticket, episode = session.get_one(Ticket, request.ticket_id), session.get_one(Episode, request.episode_id)
    request.status, request.score, request.comment, request.answered_at = "answered", score, said, now()
    episode.csat, episode.csat_comment = score, said
    session.add_all([request, episode])
    audit.append(session, "rated", actor="customer", ticket_id=ticket.id, episode=episode.id, score=score, comment=said)
    if score >= GOOD:
        confirming.confirm(session, episode, confirming.RATING)
    if score <= LOW:
        confirming.object_to(session, episode)
        _low(session, ticket, episode, score, said)


def stop(session: Session, settings: Settings, signed: str) -> None:
    """Ask this address no more: whoever holds the link reads its mail. Raises InputError."""
    request = _request(session, settings, signed, lock=True)
    if not session.get(CsatOptOut, request.recipient):
        session.add(CsatOptOut(email=request.recipient))
        audit.append(session, "rating_unwanted", actor="customer", ticket_id=request.ticket_id)


def _low(session: Session, ticket: Ticket, episode: Episode, score: int, said: str) -> None:
    """The team hears of it; where administrators want so, the ticket is a person's matter again."""
    if ticket.merged_into:  # what is said of it now belongs to the ticket it went into; a ticket that went is never opened again
        ticket = _stays(session, ticket)
    text = f"{name_of(ticket)}: the customer rated it {score} of 5" + (f": “{said[:200]}”" if said else ".")
    session.add(Notification(role=Role.MANAGER, ticket_id=ticket.id, kind="low rating", text=text))
    if ticket.assignee_id:
        session.add(Notification(user_id=ticket.assignee_id, ticket_id=ticket.id, kind="low rating", text=text))
    note = f"The customer rated the answer {score} of 5." + (f"\n\n{said}" if said else "")
    session.add(
        Message(
            ticket_id=ticket.id or 0,
            episode_id=ticket.episode_id,
            direction="note",
            author_name="Customer rating",
            body=note,
            created_at=now(),
        )
    )
    if ticket.status == Status.RESOLVED and ticket.episode_id == episode.id and workspace.get(session, "low_rating_reopens"):
        clocks.begin(session, ticket, now())
        fresh = Episode(
            ticket_id=ticket.id or 0, number=episode.number + 1, started_at=now(), first_reply_due=ticket.first_reply_due,
            resolve_due=ticket.resolve_due, category=episode.category, language=episode.language, channel=episode.channel,
            escalated_at=now(), escalation_reason="customer_request",
        )  # fmt: skip
        session.add(fresh)
        session.flush()
        ticket.episode_id = fresh.id
        move(session, ticket, Status.REOPENED, Status.ESCALATED, actor="customer", reason="customer_request", score=score)


def _hold(session: Session, ticket_id: int) -> None:
    """Hold the ticket and those it went into by merges, by number."""
    chain = [ticket_id]
    while len(chain) < _LONGEST_CHAIN and (
        into := session.exec(select(Ticket.merged_into).where(Ticket.id == chain[-1])).first()
    ):
        chain.append(into)
    locks.tickets(session, chain)


def _stays(session: Session, ticket: Ticket) -> Ticket:
    """The ticket that this one went into, and so on; held, also when it went there only just now."""
    for _ in range(_LONGEST_CHAIN):
        into = locks.ticket(session, ticket.merged_into)
        if into is None:
            break
        ticket = into
    return ticket


def _request(session: Session, settings: Settings, signed: str, *, lock: bool = False) -> CsatRequest:
    found = links.read(settings, signed)
    statement = select(CsatRequest).where(CsatRequest.id == (found[0] if found else 0))
    request = session.exec(statement.with_for_update() if lock else statement).first()
    expired = request is None or request.expires_at is None or request.expires_at < now()
    if found is None or request is None or request.token_hash != found[1] or expired:
        raise InputError(GONE)
    return request
