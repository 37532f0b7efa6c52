"""Forming a batch: who is in, who is left out and why, and which tenth has to be decided one by one."""

import math
import secrets
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from triage import audit, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.batches.risk import why_not
from triage.errors import InputError
from triage.models import Batch, BatchMember, Decision, Draft, Incident, IncidentMember, Status, Ticket, User, now
from triage.settings import Settings

LEAST, MOST = 3, 50
_chance = secrets.SystemRandom()
_IN_INCIDENTS = (  # one text answers them all; they may be in no batch
    select(IncidentMember.ticket_id)
    .join(Incident, col(Incident.id) == IncidentMember.incident_id)
    .where(Incident.state == "open", col(IncidentMember.out).is_(False))
)


def tenth(members: int) -> int:
    """How many of a batch are decided one by one: a tenth, rounded up."""
    return max(1, math.ceil(members / 10))


def alike(session: Session, ticket: Ticket, draft: Draft | None) -> int:
    """How many waiting drafts answer the same as this one, itself included; 0 when it is not of that kind or in an incident. One indexed query."""
    if draft is None or not draft.alike or draft.status != "waiting" or ticket.status != Status.AWAITING_APPROVAL:
        return 0
    found = _waiting(draft.alike).subquery()
    count, itself = session.exec(
        select(func.count(), func.max(case((found.c.id == ticket.id, 1), else_=0))).select_from(found)
    ).one()
    return count if itself else 0


def form_alike(session: Session, settings: Settings, user: User, ticket_id: int) -> Batch:
    """A batch of what answers the same as this ticket's draft, oldest first."""
    ticket = session.get(Ticket, ticket_id)
    draft = session.get(Draft, ticket.draft_id) if ticket and ticket.draft_id else None
    if draft is None or not draft.alike:
        raise InputError("There is nothing like this draft to decide with it; decide it by itself.")
    ids = session.exec(_waiting(draft.alike).order_by(col(Ticket.id)).limit(MOST)).all()
    return form(session, settings, user, [number for number in ids if number is not None])


def form(session: Session, settings: Settings, user: User, ticket_ids: Sequence[int]) -> Batch:
    """A batch of these tickets' drafts. What may not be in it is left out with its reason; the tenth is drawn once it is stored.

    A draft that had to be decided by itself in an earlier batch has to be so in this one too: forming anew draws nobody out.
    Raises AccessError, and InputError when fewer than three can be approved together.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.DECIDE_ROUTINE)
    chosen = list(dict.fromkeys(ticket_ids))[:MOST]
    found = _drafts(session, chosen)
    main = _main(found)
    batch = Batch(user_id=user.id or 0, alike=main, created_at=now())
    session.add(batch)
    session.flush()
    strict = bool(workspace.get(session, "every_draft_needs_manager"))
    members = [_member(session, settings, user, batch, ticket, draft, strict=strict) for ticket, draft in found]
    ready = [member for member in members if member.state == "waiting"]
    if len(ready) < LEAST:
        said = Counter(member.reason for member in members if member.reason)
        why = "; ".join(f"{reason} ({count})" if count > 1 else reason for reason, count in said.most_common(4))
        raise InputError(
            f"{f'Only {len(ready)}' if ready else 'None'} of these can be approved together, and a batch begins at {LEAST}."
            + (f" Left out: {why}." if why else "")
        )
    _close_former(session, user, batch)
    session.add_all(members)
    session.flush()
    forced = draw(session, ready, tenth(len(ready)))
    audit.append(
        session, "batch.formed", actor=user.actor, batch=batch.id, tickets=[member.ticket_id for member in ready],
        left_out={str(member.ticket_id): member.reason for member in members if member.state == "dropped"}, one_by_one=forced,
    )  # fmt: skip
    return batch


def draw(session: Session, ready: Sequence[BatchMember], wanted: int) -> list[int]:
    """Mark `wanted` members that have to be decided by themselves; returns their tickets. Whoever had to be before is among them."""
    before = set(
        session.exec(
            select(BatchMember.draft_id).where(
                col(BatchMember.draft_id).in_([member.draft_id for member in ready]), col(BatchMember.forced)
            )
        )
    )
    chosen = [member for member in ready if member.draft_id in before]
    rest = [member for member in ready if member.draft_id not in before]
    chosen += _chance.sample(rest, min(len(rest), max(0, wanted - len(chosen))))
    for member in chosen:
        member.forced = True
    session.add_all(chosen)
    session.flush()
    return sorted(member.ticket_id for member in chosen)


def _waiting(mark: str):  # type: ignore[no-untyped-def]
    return (
        select(Ticket.id)
        .join(Draft, col(Draft.id) == Ticket.draft_id)
        .where(
            Draft.alike == mark,
            Draft.status == "waiting",
            Ticket.status == Status.AWAITING_APPROVAL,
            Ticket.approver == "staff",
            col(Ticket.id).not_in(_IN_INCIDENTS),
        )
    )


def _drafts(session: Session, ticket_ids: Sequence[int]) -> list[tuple[Ticket, Draft]]:
    rows = session.exec(select(Ticket, Draft).join(Draft, col(Draft.id) == Ticket.draft_id).where(col(Ticket.id).in_(ticket_ids)))
    by_id = {ticket.id: (ticket, draft) for ticket, draft in rows}
    return [by_id[number] for number in ticket_ids if number in by_id]


def _main(found: Sequence[tuple[Ticket, Draft]]) -> str:
    """The mark that most of them share."""
    marks = Counter(draft.alike for _, draft in found if draft.alike)
    return marks.most_common(1)[0][0] if marks else ""


def _member(
    session: Session, settings: Settings, user: User, batch: Batch, ticket: Ticket, draft: Draft, *, strict: bool
) -> BatchMember:
    decided = session.exec(select(Decision.id).where(Decision.draft_id == draft.id)).first()
    reasons = ["it is decided already"] if decided else why_not(session, settings, user, ticket, draft)
    if not reasons and strict:
        reasons = ["every draft needs a manager, by a setting of this desk"]
    if not reasons and (not draft.alike or draft.alike != batch.alike):
        reasons = ["it answers something else, or from other passages"]
    return BatchMember(
        batch_id=batch.id or 0, ticket_id=ticket.id or 0, draft_id=draft.id or 0, seal=draft.seal,
        state="dropped" if reasons else "waiting", reason="; ".join(reasons),
    )  # fmt: skip


def _close_former(session: Session, user: User, batch: Batch) -> None:
    """One batch of a kind at a time: an open one of the same drafts gives way."""
    former = select(Batch).where(
        Batch.user_id == user.id, Batch.status == "open", Batch.alike == batch.alike, Batch.id != batch.id
    )
    for one in session.exec(former):
        one.status, one.reason, one.closed_at = "closed", "It was formed anew.", now()
        session.add(one)
