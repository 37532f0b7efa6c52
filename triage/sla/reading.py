"""A ticket's clocks as people look at them, worked out for this moment."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from triage.models import Ticket, now
from triage.sla import clocks, plan
from triage.sla.clocks import Clocks
from triage.sla.hours import ALWAYS


@dataclass(frozen=True)
class Reading:
    """One clock: `seconds` of business time it may take, `passed` and `left` of them (below 0: late), the hours in words."""

    kind: str
    due: datetime | None
    seconds: float
    left: float
    hours: str

    @property
    def passed(self) -> float:
        return self.seconds - self.left


@dataclass(frozen=True)
class Readings:
    """All clocks that run or stand still, the most pressing first; `paused` says for whom they stand still, since when."""

    policy: str = ""
    clocks: list[Reading] = field(default_factory=list)
    paused: str = ""
    since: datetime | None = None


def foremost(ticket: Ticket) -> tuple[datetime | None, str]:
    """(due, kind) of the one clock worth a word: the earliest promise to the customer; the draft's own once it is close or late.

    A draft's clock is close from its warning on. (None, "") when nothing of this runs or all stands still.
    """
    running = Clocks.of(ticket).running.values()
    if not running or ticket.paused:
        return ticket.due_at, ticket.due_kind
    counts = [one for one in running if one.due and (one.kind != "approval" or (one.warn is not None and one.warn <= now()))]
    first = min(counts, key=lambda one: (one.due, one.kind), default=None)
    return (first.due, first.kind) if first else (None, "")


def of(session: Session, ticket: Ticket) -> Readings:
    """What a ticket's clocks show now; nothing for one that is over."""
    kept = Clocks.of(ticket)
    if not kept.running:
        return Readings()
    _, current = plan.current(session)
    policy = current.policy_for(kept.tier, kept.group)
    hours = current.hours_for(policy, kept.group)
    said = "every hour of the week" if hours == ALWAYS else f"the business hours of {kept.group or 'the desk'}"
    found = [
        Reading(one.kind, one.due, one.seconds, clocks.left(one, hours, kept.pauses, now()), said)
        for one in kept.running.values()
    ]
    return Readings(kept.policy, sorted(found, key=lambda one: one.left), kept.why if kept.paused_at else "", kept.paused_at)
