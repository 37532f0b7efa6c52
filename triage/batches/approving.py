"""Approving the rest of a batch: a decision, a seal and an outbox row of its own for each draft, through the door of every reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmodel import Session, select

from triage import approval, audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.batches.forming import draw, tenth
from triage.batches.view import Member, standing
from triage.errors import AccessError, ConflictError, InputError, TriageError
from triage.models import Batch, BatchMember, DecisionKind, Outbox, User, now

if TYPE_CHECKING:
    from triage.office import Desk


@dataclass(frozen=True)
class Approved:
    """The decisions made, and by ticket why it dropped out after all."""

    decisions: list[int] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)


def tend(session: Session, desk: "Desk", user: User, batch_id: int) -> Batch:
    """Write down what became of the members; draw again for those of the tenth that dropped out, and stop when an examined one was not right."""
    user, batch = _own(session, user, batch_id)
    if batch.status == "open":
        _tended(session, desk, user, batch)
    return batch


def approve(
    desk: "Desk", user: User, batch_id: int, *, shown: Mapping[int, str], active_seconds: float | None = None
) -> Approved:
    """Approve what was `shown` (draft → seal) and still may be; everything else drops out with its reason.

    `active_seconds` were spent on all of them together. Raises ConflictError when the tenth is not decided yet or the batch is
    over, InputError when nothing is left to approve.
    """
    with desk.database.transaction() as session:  # what dropped out stays so, also when the approval is refused
        tend(session, desk, user, batch_id)
    return desk.database.patiently(lambda session: _approve(session, desk, user, batch_id, shown, active_seconds))


def undo(desk: "Desk", user: User, batch_id: int) -> int:
    """Take back all of the batch's messages that are still held; returns how many. Raises ConflictError when none is."""

    def take_back(session: Session) -> int:
        who, batch = _own(session, user, batch_id)
        _hold(session, batch)
        held = (
            select(Outbox.decision_id)
            .join(BatchMember, BatchMember.decision_id == Outbox.decision_id)  # type: ignore[arg-type]
            .where(BatchMember.batch_id == batch.id, Outbox.status == "held")
            .order_by(Outbox.id)  # type: ignore[arg-type]
        )
        decisions = [number for number in session.exec(held) if number is not None]
        if not decisions:
            raise ConflictError("It is too late to undo: nothing of it waits any more.")
        for number in decisions:
            approval.undo(session, who, number)
        audit.append(session, "batch.undone", actor=who.actor, batch=batch.id, decisions=decisions)
        return len(decisions)

    return desk.database.patiently(take_back)


def close(session: Session, user: User, batch_id: int) -> None:
    """Leave a batch; its drafts wait as before."""
    user, batch = _own(session, user, batch_id)
    if batch.status == "open":
        _end(session, batch, "closed", "")
        audit.append(session, "batch.closed", actor=user.actor, batch=batch.id)


def _approve(
    session: Session, desk: "Desk", user: User, batch_id: int, shown: Mapping[int, str], seconds: float | None
) -> Approved:
    user, batch = _own(session, user, batch_id)
    _hold(session, batch)
    if batch.status != "open":
        raise ConflictError(f"This batch is over. {batch.reason}".strip())
    members = _tended(session, desk, user, batch)
    if batch.status != "open":
        raise ConflictError(batch.reason)
    if left := [one for one in members if one.row.forced and one.state == "waiting"]:
        raise ConflictError(
            f"First decide #{left[0].ticket.id} by itself" + (f" and {len(left) - 1} more." if len(left) > 1 else ".")
        )
    waiting = [one for one in members if one.state == "waiting"]
    dropped = {one.row.ticket_id: one.reason for one in members if one.state == "dropped" and one.row.draft_id in shown}
    ready = [one for one in waiting if shown.get(one.row.draft_id) == one.row.seal]
    dropped |= {
        one.row.ticket_id: "it was not shown to you as it is now"
        for one in waiting
        if one not in ready and one.row.draft_id in shown
    }
    share = None if seconds is None or not ready else round(seconds / len(ready), 2)
    decisions = []
    for one in sorted(ready, key=lambda one: one.row.draft_id):
        try:
            with session.begin_nested():  # one that is refused at the door after all takes nobody with it
                decisions.append(_send(session, desk, user, one, share))
        except TriageError as error:
            dropped[one.row.ticket_id] = _drop(session, one.row, str(error))
    if not decisions:
        raise InputError(
            "Nothing is left to approve together: "
            + ("; ".join(dict.fromkeys(dropped.values())) or "all of it was decided")
            + "."
        )
    _end(session, batch, "approved", "")
    audit.append(
        session, "batch.approved", actor=user.actor, batch=batch.id, decisions=decisions,
        left_out={str(ticket): reason for ticket, reason in dropped.items()},
    )  # fmt: skip
    return Approved(decisions, dropped)


def _send(session: Session, desk: "Desk", user: User, one: Member, seconds: float | None) -> int:
    decision = approval.decide(
        session, desk.enqueue, desk.settings, user, one.row.draft_id, kind=DecisionKind.APPROVE, seal=one.row.seal,
        active_seconds=seconds,
    )  # fmt: skip
    one.row.state, one.row.decision_id = "approved", decision.id
    session.add(one.row)
    session.flush()
    return decision.id or 0


def _tended(session: Session, desk: "Desk", user: User, batch: Batch) -> list[Member]:
    members = standing(session, desk.settings, user, batch)
    for one in members:
        if one.state != one.row.state:
            one.row.state, one.row.reason = one.state, one.reason
            session.add(one.row)
    wrong = [one for one in members if one.state == "examined" and not one.fits]
    if wrong:
        _end(session, batch, "stopped", f"#{wrong[0].ticket.id} was not right as it was; decide the others one by one.")
        audit.append(session, "batch.stopped", actor=user.actor, batch=batch.id, ticket=wrong[0].ticket.id)
        return members
    waiting = [one for one in members if one.state == "waiting"]
    looked_at = sum(one.state == "examined" and one.row.forced for one in members)
    due = min(tenth(len(waiting) + looked_at), len(waiting) + looked_at)
    open_ = sum(one.row.forced for one in waiting)
    if waiting and looked_at + open_ < due:
        drawn = draw(session, [one.row for one in waiting], due - looked_at)
        audit.append(session, "batch.drawn", actor=user.actor, batch=batch.id, one_by_one=drawn)
    return members


def _own(session: Session, user: User, batch_id: int) -> tuple[User, Batch]:
    user = access.fresh(session, user)
    access.require(user, Permission.DECIDE_ROUTINE)
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise InputError(f"There is no batch {batch_id}; the address is wrong.")
    if batch.user_id != user.id:
        raise AccessError("This batch is a colleague's; form one of your own.")
    return user, batch


def _hold(session: Session, batch: Batch) -> None:
    """All tickets at once, in the order of triage.locks, before the first of them writes to the audit log."""
    numbers = session.exec(select(BatchMember.ticket_id).where(BatchMember.batch_id == batch.id)).all()
    locks.tickets(session, numbers)


def _drop(session: Session, row: BatchMember, reason: str) -> str:
    row.state, row.reason = "dropped", reason
    session.add(row)
    return reason


def _end(session: Session, batch: Batch, status: str, reason: str) -> None:
    batch.status, batch.reason, batch.closed_at = status, reason, now()
    session.add(batch)
