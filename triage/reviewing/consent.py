"""A person's word on reviewer signals: off (so it begins), for oneself, or for managers too. Changed at any time, only by oneself."""

from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Exercise, ReviewerConsent, User, now


class Word(StrEnum):
    """What a person says; the value stands in the audit log."""

    OFF = "off"
    OWN = "own"
    SHARED = "shared"


def word(session: Session, user: User) -> Word:
    """What the person said last."""
    kept = of(session, user)
    return Word.OFF if kept is None else Word.SHARED if kept.shared else Word.OWN


def of(session: Session, user: User) -> ReviewerConsent | None:
    """The person's consent; None without it."""
    return session.get(ReviewerConsent, user.id)


def say(session: Session, user: User, wanted: Word) -> None:
    """Switch one's own signals on, for whom, or off.

    Off forgets exercises and when it all began: switched on again, signals begin anew.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.SEE_OWN_FIGURES)
    session.get(User, user.id, with_for_update=True)
    was = word(session, user)
    if wanted == was:
        return
    kept = of(session, user)
    if wanted == Word.OFF:
        session.execute(delete(Exercise).where(col(Exercise.user_id) == user.id))
        session.delete(kept)
    else:
        kept = kept or ReviewerConsent(user_id=user.id or 0, since=now())
        kept.shared = wanted == Word.SHARED
        session.add(kept)
    audit.append(session, "reviewer_signals", actor=user.actor, was=was, to=wanted)


def sharing(session: Session) -> list[User]:
    """Who lets managers see their signals, by name; nobody whose account is switched off."""
    shared = columns(col(ReviewerConsent.user_id)).where(col(ReviewerConsent.shared))
    found = select(User).where(col(User.id).in_(shared), col(User.disabled_at).is_(None))
    return list(session.exec(found.order_by(User.name, col(User.id))))
