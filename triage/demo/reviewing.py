"""Signals of reviewing in the demo's past: two people wanted them, one shares them, and the exercises they had are over."""

import random
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from triage.models import DecisionKind, ReviewerConsent, Role, User, clock_at
from triage.reviewing import copies, exercises, making
from triage.settings import Settings

BEGAN = timedelta(days=40)
_ENDS = (
    DecisionKind.REJECT, DecisionKind.REQUEST_CHANGES, DecisionKind.APPROVE, DecisionKind.REJECT, DecisionKind.ESCALATE,
    DecisionKind.REQUEST_CHANGES,
)  # fmt: skip


def seed_reviewing(session: Session, settings: Settings, *, until: datetime, rng: int = 7) -> int:
    """Consents and past exercises of the staff; returns how many exercises. None of them waits, so that nobody new stumbles over one."""
    dice, made = random.Random(rng), 0
    people = session.exec(select(User).where(User.role == Role.STAFF).order_by(col(User.demo).desc(), col(User.id))).all()[:2]
    for number, user in enumerate(people):
        session.add(ReviewerConsent(user_id=user.id or 0, shared=number == 0, since=until - BEGAN))
        for place, kind in enumerate(_ENDS[: len(_ENDS) - 2 * number]):
            with clock_at(until - timedelta(days=5 * (len(_ENDS) - place), hours=number + 2)):
                made += _past(session, settings, user, kind, dice)
    return made


def _past(session: Session, settings: Settings, user: User, kind: DecisionKind, dice: random.Random) -> bool:
    exercise = making.make(session, settings, user, dice)
    if exercise is None:
        return False
    body = copies.draft(exercise).body
    exercises.decide(
        session, user, exercise.ticket_id, kind=kind, body=body, reason="wrong facts", comment="Compare it with the article."
    )
    return True
