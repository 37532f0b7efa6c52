"""What managers see of reviewing: those who let them, by name, in figures alone. No list of approvals, no exercise, no ranking."""

from dataclasses import dataclass

from sqlmodel import Session

from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning.metrics.figure import Figure
from triage.models import User
from triage.reviewing import consent, exercises, reading


@dataclass(frozen=True)
class Signals:
    """One person's share of fast approvals, and of exercises caught."""

    name: str
    fast: Figure
    caught: Figure


def of(session: Session, user: User) -> list[Signals]:
    """The signals of everybody who shares them, in the order of names. Raises AccessError for who sees no figures of others."""
    access.require(access.fresh(session, user), Permission.SEE_FIGURES)
    return [
        Signals(person.name, reading.of(session, kept).figure, exercises.past(session, kept).figure)
        for person in consent.sharing(session)
        if (kept := consent.of(session, person))
    ]
