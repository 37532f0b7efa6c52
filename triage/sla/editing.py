"""Another plan: tried on what happened, switched on as a numbered version, taken back. Open tickets follow it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError, SettingsError
from triage.models import Customer, Decision, Draft, Episode, TargetPlan, Ticket, User, now
from triage.sla import clocks, plan
from triage.sla.clocks import Clocks, Pause
from triage.sla.hours import BusinessHours
from triage.sla.plan import KINDS, Plan
from triage.sla.retargeting import CHORE

DAYS = 30
MOST = 20_000  # episodes and decisions of a trial, the newest
LISTED = 50
_FARTHEST = timedelta(days=5 * 366)

Enqueue = Callable[..., None]


@dataclass(frozen=True)
class Case:
    """One promise of the last days that another plan keeps or breaks where the present one does not."""

    ticket_id: int
    subject: str
    kind: str
    breaks: bool
    late: float


@dataclass
class Kept:
    """How many promises of a kind there were, and how many were broken by the present plan and by the other one."""

    cases: int = 0
    broken_now: int = 0
    broken_then: int = 0


@dataclass
class Trial:
    """What another plan would have meant. `cases` are the ones that change, newly broken first."""

    kinds: dict[str, Kept] = field(default_factory=lambda: {kind: Kept() for kind in KINDS})
    cases: list[Case] = field(default_factory=list)
    episodes: int = 0


@dataclass(frozen=True)
class Version:
    row: TargetPlan
    by: str
    changes: list[str]


def switch_on(session: Session, user: User, enqueue: Enqueue, wanted: Plan, *, base: int, note: str = "") -> TargetPlan | None:
    """Make a plan count from now on; None when it changes nothing. Open tickets are worked out anew behind it.

    Raises ConflictError when another plan than number `base` counts by now, InputError for targets that its hours never reach.
    """
    access.require(access.fresh(session, user), Permission.EDIT_TARGETS)
    number, before = plan.current(session)
    if number != base:
        raise ConflictError("Somebody changed the targets meanwhile; look at what counts now and try your change again.")
    if not (said := plan.differences(before, wanted)):
        return None
    _reachable(wanted)
    if number == 0:
        plan.kept(session, before, user_id=None, note="As it was before the first change.")
    row = plan.kept(session, wanted, user_id=user.id, note=note)
    audit.append(session, "targets_changed", actor=user.actor, version=row.number, changes=said, note=row.note)
    enqueue(session, "chore", f"{CHORE}-{row.number}-{int(now().timestamp())}", CHORE)
    return row


def revert(session: Session, user: User, enqueue: Enqueue, number: int) -> TargetPlan | None:
    """Make an earlier version count again, as a new one."""
    access.require(access.fresh(session, user), Permission.EDIT_TARGETS)
    row = session.get(TargetPlan, number)
    if row is None:
        raise InputError(f"There is no version {number} of the targets; reload the page.")
    base, _ = plan.current(session)
    return switch_on(session, user, enqueue, plan.read(row.plan), base=base, note=f"Back to version {number}.")


def versions(session: Session, user: User, *, limit: int = 10) -> list[Version]:
    """The last versions, newest first, with what each changed."""
    access.require(user, Permission.READ_MACHINERY)
    newest = (
        select(TargetPlan, User.name)
        .outerjoin(User, col(User.id) == TargetPlan.made_by)
        .order_by(col(TargetPlan.number).desc())
        .limit(limit + 1)
    )
    rows = [(row, name or "") for row, name in session.exec(newest)]
    plans = [plan.read(row.plan) for row, _ in rows]
    older = [*plans[1:], plan.default()]
    changes = [plan.differences(before, after) for after, before in zip(plans, older, strict=True)] if rows else []
    return [Version(row, name, said) for (row, name), said in zip(rows, changes, strict=True)][:limit]


def tiers(session: Session) -> list[str]:
    """The tiers that customers have."""
    return sorted(tier for tier in session.exec(select(Customer.tier).distinct()) if tier)


# ---- trying -----------------------------------------------------------------------------------------------


def try_out(session: Session, user: User, wanted: Plan, *, days: int = DAYS) -> Trial:
    """Hold the promises of the last days against the present plan and another one. Nothing is written."""
    access.require(access.fresh(session, user), Permission.EDIT_TARGETS)
    _reachable(wanted)
    _, present = plan.current(session)
    trial, since = Trial(), now() - timedelta(days=days)
    changed: list[Case] = []
    for promise in _promises(session, since, trial):
        _weigh(trial, changed, promise, present, wanted)
    changed.sort(key=lambda case: (not case.breaks, -case.late))
    trial.cases = changed[:LISTED]
    return trial


def _reachable(wanted: Plan) -> None:
    """Raises InputError for targets that the working hours hardly ever come to: with such a plan no ticket could get a due time."""
    for policy in wanted.policies:
        longest = max((minutes for each in policy.targets.values() for kind in KINDS if (minutes := each.of(kind))), default=0)
        if policy.clock == "always" or not longest:
            continue
        for group in {name if name in wanted.hours else plan.DESK for name in policy.groups or wanted.hours}:
            if not _comes(wanted.compiled(group), longest):
                raise InputError(
                    f"“{policy.name}”: {plan.written(longest)} is more than five years of the working hours of "
                    f"{group or 'the desk'}. Give more hours, or a shorter target."
                )


def _comes(hours: BusinessHours, minutes: int) -> bool:
    try:
        return hours.add(now(), minutes * 60.0) < now() + _FARTHEST
    except SettingsError:
        return False


@dataclass(frozen=True)
class _Promise:
    """One step that was promised: when it began and ended (None: not yet), for whom, and when nothing counted."""

    kind: str
    ticket_id: int
    subject: str
    start: datetime
    end: datetime | None
    about: dict[str, Any]
    pauses: list[Pause] = field(default_factory=list)


def _promises(session: Session, since: datetime, trial: Trial) -> Iterator[_Promise]:
    """First replies and solutions by episode, decisions by draft."""
    episodes = (
        select(Episode, Ticket, func.coalesce(Customer.tier, ""))
        .join(Ticket, col(Ticket.id) == Episode.ticket_id)
        .outerjoin(Customer, col(Customer.id) == Ticket.customer_id)
        .where(col(Episode.started_at) >= since, col(Episode.eligible).is_(True))
        .order_by(col(Episode.id).desc())
        .limit(MOST)
    )
    for episode, ticket, tier in session.exec(episodes):
        trial.episodes += 1
        kept = Clocks.of(ticket) if ticket.episode_id == episode.id else Clocks()
        about = {"tier": tier, "group": ticket.team, "priority": kept.priority or str(ticket.priority)}
        yield _Promise("first_reply", ticket.id or 0, ticket.subject, episode.started_at, episode.first_reply_at, about)
        yield _Promise("resolve", ticket.id or 0, ticket.subject, episode.started_at, episode.resolved_at, about, kept.pauses)
    decided = (
        select(Draft.created_at, Decision.created_at, Ticket, func.coalesce(Customer.tier, ""))
        .join(Decision, col(Decision.draft_id) == Draft.id)
        .join(Ticket, col(Ticket.id) == Draft.ticket_id)
        .outerjoin(Customer, col(Customer.id) == Ticket.customer_id)
        .where(col(Decision.created_at) >= since, col(Decision.undone_at).is_(None))
        .order_by(col(Decision.id).desc())
        .limit(MOST)
    )
    for start, end, ticket, tier in session.exec(decided):
        about = {"tier": tier, "group": ticket.team, "priority": str(ticket.priority)}
        yield _Promise("approval", ticket.id or 0, ticket.subject, start, end, about)


def _weigh(trial: Trial, changed: list[Case], promise: _Promise, present: Plan, wanted: Plan) -> None:
    late_now, late_then = (_late(one, promise) for one in (present, wanted))
    if late_now is None and late_then is None:
        return
    kept = trial.kinds[promise.kind]
    kept.cases += 1
    was, would = (late_now or 0.0) > 0, (late_then or 0.0) > 0
    kept.broken_now += was
    kept.broken_then += would
    if was != would:
        late = max(late_now or 0.0, late_then or 0.0)
        changed.append(Case(promise.ticket_id, promise.subject, promise.kind, would, late))


def _late(one: Plan, promise: _Promise) -> float | None:
    """Seconds by which a plan's promise was broken, 0 when kept; None without a target, or while it is neither."""
    due = clocks.promised(one, promise.kind, promise.start, **promise.about, pauses=promise.pauses if one.pause_waiting else ())
    end = promise.end or now()
    if due is None or (promise.end is None and due >= end):
        return None
    return max(0.0, (end - due).total_seconds())
