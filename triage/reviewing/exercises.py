"""An exercise is decided, and its person is told at once what it was. Nothing of it goes anywhere.

The inbox asks here before it asks triage.approval, which knows no draft of an exercise: deciding one makes no decision, no mail and
no work for the agents.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AlreadyDecided, InputError
from triage.learning.metrics.figure import Figure, share
from triage.models import DecisionKind, Exercise, ReviewerConsent, User, now
from triage.reviewing import copies, defects

NEWEST = 30
_LET_GO = {DecisionKind.REJECT: "caught", DecisionKind.REQUEST_CHANGES: "caught"}


@dataclass(frozen=True)
class Past:
    """`figure` is exercises caught ÷ decided; `newest` are those that ended, the newest first."""

    figure: Figure
    newest: list[Exercise]


def decide(
    session: Session, user: User, ticket_id: int, *, kind: DecisionKind, body: str = "", reason: str = "", comment: str = ""
) -> Exercise:
    """End an exercise by what its person decided on it.

    Caught: rejected, sent back, or approved with a text that has the defect no more. Missed: approved with it. Escalated or closed, it
    counts neither way. Raises AccessError, AlreadyDecided, and InputError where a decision on a draft would.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.DECIDE_ROUTINE)
    locks.ticket(session, ticket_id)
    found = select(Exercise).where(Exercise.ticket_id == ticket_id, Exercise.user_id == user.id)
    exercise = session.exec(found.with_for_update()).first()
    if exercise is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed, or the address is wrong.")
    if exercise.ended:
        raise AlreadyDecided("This was an exercise, and it is over.")
    if kind == DecisionKind.REJECT and not reason:
        raise InputError("Choose why you reject the draft; the agents and the metrics learn from it.")
    if kind == DecisionKind.REQUEST_CHANGES and not comment.strip():
        raise InputError("Write what should change; the comment goes to the agent that can act on it.")
    exercise.ended, exercise.ended_at = _outcome(exercise, kind, body), now()
    exercise.shown = {}
    session.add(exercise)
    audit.append(session, "exercise.decided", actor=user.actor, exercise=exercise.id)
    return exercise


def past(session: Session, consent: ReviewerConsent) -> Past:
    """What somebody who consented did with exercises since then. Whoever calls has asked who may see it."""
    of_person = (col(Exercise.user_id) == consent.user_id, col(Exercise.ended).in_(("caught", "missed", "aside")))
    counts = dict(session.exec(select(Exercise.ended, func.count()).where(*of_person).group_by(Exercise.ended)).all())
    newest = session.exec(select(Exercise).where(*of_person).order_by(col(Exercise.id).desc()).limit(NEWEST))
    caught = counts.get("caught", 0)
    return Past(share(caught, caught + counts.get("missed", 0)), list(newest))


def _outcome(exercise: Exercise, kind: DecisionKind, body: str) -> str:
    if kind != DecisionKind.APPROVE:
        return _LET_GO.get(kind, "aside")
    if not body.strip():
        raise InputError("The reply is empty; write something, or reject the draft.")
    draft = copies.draft(exercise)
    return "missed" if defects.stands(exercise.defect, exercise.wrong, exercise.right, draft.body, body) else "caught"
