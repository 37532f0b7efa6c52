"""Replies that people write themselves and somebody else decides: a trainee's, and anybody's to a matter that is not theirs to decide.

Such a reply is held against the knowledge base, the guards and the customer's language as an agents' draft is, waits in the
same queue, and comes back to its author, not to the agents, when changes are asked for.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import audit, lastcheck, replies, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.briefs import Evidence
from triage.drafts import proof
from triage.errors import InputError
from triage.models import Draft, Notification, Role, Status, Ticket, User
from triage.notifications.telling import name_of
from triage.spoken import bounded
from triage.transitions import move

if TYPE_CHECKING:
    from triage.office import Desk

RETURNED = "returned"
"""The reason of a ticket whose reply came back to its author."""
_PASSAGES = 6


def passages_for(desk: "Desk", ticket_id: int, text: str) -> list[Evidence]:
    """What a text may rest on: a search for the customer's question and for the text. Embeds: before any transaction."""
    with desk.database.read() as session:
        ticket = session.get(Ticket, ticket_id)
        said = lastcheck.said_in(session, ticket) if ticket else ""
    found = desk.searcher.search_many(
        [said[:2_000], text[:2_000]], k=_PASSAGES, language=(ticket.language or None) if ticket else None
    )
    hits = {hit.id: hit for answer in found for hit in answer}
    return [
        Evidence(id=hit.id, article=hit.article, version=hit.version, title=hit.title, heading=hit.heading, text=hit.text, language=hit.language, score=hit.score)
        for hit in hits.values()
    ]  # fmt: skip


def is_held(session: Session, user: User, ticket: Ticket) -> bool:
    """Whether somebody else decides what this person writes to this ticket."""
    strict = bool(workspace.get(session, "every_draft_needs_manager"))
    sensitive = strict or ticket.approver != "staff" or ticket.status == Status.ESCALATED
    return not access.may(user, Permission.DECIDE_SENSITIVE if sensitive else Permission.DECIDE_ROUTINE)


def hand_in(
    session: Session, desk: "Desk", user: User, ticket_id: int, text: str, passages: Sequence[Evidence], *, comment: str = "",
    manager: bool = False,
) -> Draft:  # fmt: skip
    """A person's reply as the newest draft, checked, for somebody who may decide it (with `manager`, a manager); they are told.

    Raises what `replies.write_reply` raises.
    """
    user = access.fresh(session, user)
    former = _former(session, ticket_id)
    who = f"{user.name} (trainee)" if user.trainee else user.name
    comment = bounded(comment, 10_000, "This comment").strip()
    said = f": {comment}" if comment else "."

    def check(draft: Draft, ticket: Ticket) -> None:
        draft.cause = f"Written by {who}{said}"
        _check(session, desk, user, ticket, draft, passages, former)
        if manager:
            _managers(draft, f"{user.name} prepared it for a manager{said.rstrip('.')}")

    draft = replies.write_reply(session, user, ticket_id, text, check=check)
    ticket = session.get_one(Ticket, ticket_id)
    if ticket.status == Status.REJECTED:
        move(session, ticket, Status.AWAITING_APPROVAL, actor=user.actor, reason=None, draft=draft.id)
    role = Role.STAFF if draft.approver == "staff" and ticket.approver == "staff" else Role.MANAGER
    session.add(
        Notification(role=role, ticket_id=ticket_id, kind="prepared", text=f"{name_of(ticket)}: {who} wrote a reply{said}")
    )
    audit.append(
        session, "prepared" if manager else "handed_in", actor=user.actor, ticket_id=ticket_id, draft=draft.id, version=draft.version,
        comment=comment,
    )  # fmt: skip
    return draft


def _check(
    session: Session, desk: "Desk", user: User, ticket: Ticket, draft: Draft, passages: Sequence[Evidence], former: Draft | None
) -> None:
    """As an agents' draft is checked: each sentence against the sources, the whole against the guards, its language."""
    known = {piece.id for piece in passages}
    evidence = [*passages, *[piece for piece in (proof.as_cited(former) if former else []) if piece.id not in known]]
    sources = proof.Sources(evidence, lastcheck.customer_of(session, ticket), lastcheck.said_in(session, ticket))
    found = proof.check(draft.body, [], sources)
    draft.sentences = [{name: value for name, value in row.items() if name != "by"} for row in found]
    draft.citations = proof.evidence_rows(evidence, draft.sentences)
    notes = lastcheck.problems(session, desk.settings, user, ticket, draft, draft.body, flags=True)
    draft.review = {"verdict": "revise" if notes else "approve", "notes": [{"topic": "policy", "text": note} for note in notes]}
    lacking = sum(not sentence.get("supported", True) for sentence in draft.sentences)
    if lacking and workspace.get(session, "unsupported_needs_manager"):
        _managers(draft, f"{lacking} {'sentence has' if lacking == 1 else 'sentences have'} no source")
    for note in notes:
        _managers(draft, note)


def goes_back(session: Session, draft: Draft, user: User) -> User | None:
    """To whom a reply goes when changes are asked for: the colleague who wrote it; None when agents rewrite it."""
    if not draft.created_by.startswith("user:"):
        return None
    author = session.get(User, int(draft.created_by.partition(":")[2]))
    if author is None or author.id == user.id or not access.may(author, Permission.WORK_INBOX):
        return None
    return author


def give_back(session: Session, user: User, author: User, draft: Draft, ticket: Ticket, comment: str) -> None:
    """Return a reply to its author with the comment; the ticket is theirs, and their text stands in the field again."""
    if ticket.status != Status.REJECTED:
        move(session, ticket, Status.REJECTED, actor=user.actor, reason=RETURNED, comment=comment)
    ticket.reason, ticket.assignee_id = RETURNED, author.id
    session.add(ticket)
    session.add(
        Notification(
            user_id=author.id,
            ticket_id=ticket.id,
            kind="returned",
            text=f"{user.name} sent your reply to {name_of(ticket)} back: {comment}",
        )
    )
    audit.append(session, "returned", actor=user.actor, ticket_id=ticket.id, draft=draft.id, to=author.id, comment=comment)


def returned_text(session: Session, user: User, ticket: Ticket) -> str:
    """What stands in the author's field when their reply came back; "" for everybody else."""
    if ticket.reason != RETURNED or ticket.status != Status.REJECTED or not ticket.draft_id:
        return ""
    draft = session.get(Draft, ticket.draft_id)
    return draft.body if draft and draft.created_by == user.actor else ""


def set_trainee(session: Session, user: User, person_id: int, trainee: bool) -> User:
    """Say that a staff member is a trainee, or no longer. Raises AccessError, and InputError for anybody who is not staff."""
    user = access.fresh(session, user)
    access.require(user, Permission.MARK_TRAINEES)
    person = session.get(User, person_id, with_for_update=True)
    if person is None or (trainee and person.role != Role.STAFF):
        raise InputError("Only a staff member can be a trainee; managers and administrators decide what trainees write.")
    if person.trainee != trainee:
        person.trainee = trainee
        session.add(person)
        audit.append(session, "trainee_marked" if trainee else "trainee_released", actor=user.actor, user_id=person.id)
    return person


def staff(session: Session, user: User) -> list[User]:
    """The staff members, by name, for whoever says who is a trainee."""
    access.require(access.fresh(session, user), Permission.MARK_TRAINEES)
    found = select(User).where(User.role == Role.STAFF, col(User.disabled_at).is_(None)).order_by(User.name, col(User.id))
    return list(session.exec(found))


def _former(session: Session, ticket_id: int) -> Draft | None:
    ticket = session.get(Ticket, ticket_id)
    return session.get(Draft, ticket.draft_id) if ticket and ticket.draft_id else None


def _managers(draft: Draft, reason: str) -> None:
    draft.approver = "manager"
    draft.approver_reasons = list(dict.fromkeys([*draft.approver_reasons, reason]))
