"""The clocks of one ticket: to the reply that is owed, to the solution, and on a finished draft that waits for a decision.

A clock counts business time from its start. While the customer is waited for (and, as the plan says, while an incident
holds the ticket) nothing counts: the due time moves on by the business time of the pause, never back. What is needed
to work everything out again is kept in `Ticket.sla`; the due times are plain columns, so that queues sort by index.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from triage.models import Customer, Draft, Episode, Priority, Status, Ticket, now
from triage.sla import plan as plans
from triage.sla.hours import BusinessHours
from triage.sla.plan import Plan, Policy

REPLIES = ("first_reply", "next_reply")
CUSTOMER, INCIDENT = "customer", "incident"
QUIET, WARNED, BREACHED = 0, 1, 2
_STOPPED = frozenset({Status.RESOLVED, Status.QUARANTINED})
_RANK = [priority.value for priority in Priority]  # the lowest first

Pause = tuple[datetime, datetime | None]


@dataclass
class Clock:
    """One clock: when it began, the business time it may take, and where that leads. `told` is what people heard of it."""

    kind: str
    start: datetime
    seconds: float
    due: datetime | None = None
    warn: datetime | None = None
    told: int = QUIET

    def reckon(self, hours: BusinessHours, pauses: Sequence[Pause], share: float) -> None:
        """Work out `due` and `warn`; both None while a pause goes on."""
        self.due, self.warn = due(self.start, self.seconds, hours, pauses), None
        if self.due is not None:
            self.warn = due(self.start, self.seconds * share, hours, pauses)


def due(start: datetime, seconds: float, hours: BusinessHours, pauses: Sequence[Pause] = ()) -> datetime | None:
    """When that much business time has passed since `start`, pauses left out; None while a pause goes on.

    A pause adds the business time between its beginning (or `start`, when that is later) and its end. One that began
    after the target had passed adds nothing: what was late stays late.
    """
    end = hours.add(start, seconds)
    for begins, ends in pauses:
        if ends is not None and ends <= start:
            continue
        if begins >= end:
            break
        if ends is None:
            return None
        end = hours.add(end, hours.seconds_between(max(begins, start), ends))
    return end


def promised(
    plan: Plan, kind: str, start: datetime, *, tier: str, group: str, priority: str, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """By when a plan promises a step that began at `start`; None where it has no target."""
    policy = plan.policy_for(tier, group)
    minutes = policy.minutes(priority, kind)
    return due(start, minutes * 60.0, plan.hours_for(policy, group), pauses) if minutes is not None else None


def left(clock: Clock, hours: BusinessHours, pauses: Sequence[Pause], at: datetime) -> float:
    """Seconds of business time until the clock is due, below 0 when it is over; a pause stands still."""
    waiting = next((begins for begins, ends in pauses if ends is None), None)
    moment = min(waiting, at) if waiting else at
    closed = [(begins, ends) for begins, ends in pauses if ends is not None]
    end = due(clock.start, clock.seconds, hours, closed)
    assert end is not None
    return hours.seconds_between(moment, end) - hours.seconds_between(end, moment)


@dataclass
class Clocks:
    """All clocks of a ticket, as `Ticket.sla` keeps them."""

    tier: str = ""
    policy: str = ""
    priority: str = ""
    group: str = ""
    running: dict[str, Clock] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)
    why: str = ""

    @classmethod
    def of(cls, ticket: Ticket) -> "Clocks":
        kept: dict[str, Any] = ticket.sla
        running = {
            kind: Clock(kind, _moment(c["start"]), float(c["seconds"]), _maybe(c["due"]), _maybe(c["warn"]), int(c["told"]))
            for kind, c in kept.get("running", {}).items()
        }
        pauses = [(_moment(begins), _maybe(ends)) for begins, ends in kept.get("pauses", [])]
        named = {name: str(kept.get(name, "")) for name in ("tier", "policy", "priority", "group", "why")}
        return cls(running=running, pauses=pauses, **named)

    def to_json(self) -> dict[str, object]:
        running = {
            kind: {
                "start": clock.start.isoformat(), "seconds": clock.seconds, "due": _text(clock.due), "warn": _text(clock.warn),
                "told": clock.told,
            }
            for kind, clock in self.running.items()
        }  # fmt: skip
        pauses = [[begins.isoformat(), _text(ends)] for begins, ends in self.pauses]
        named = {"tier": self.tier, "policy": self.policy, "priority": self.priority, "group": self.group, "why": self.why}
        return {**named, "running": running, "pauses": pauses}

    @property
    def paused_at(self) -> datetime | None:
        """Since when nothing counts."""
        return self.pauses[-1][0] if self.pauses and self.pauses[-1][1] is None else None

    @property
    def reply(self) -> Clock | None:
        return next((self.running[kind] for kind in REPLIES if kind in self.running), None)


# ---- what happens to a ticket ---------------------------------------------------------------------------------


def begin(session: Session, ticket: Ticket, start: datetime) -> Clocks:
    """A new demand: the clocks to the first reply and to the solution run from its first message."""
    customer = session.get(Customer, ticket.customer_id) if ticket.customer_id else None
    clocks = Clocks(tier=customer.tier if customer else "")
    _start(session, ticket, clocks, ("first_reply", "resolve"), start)
    return clocks


def customer_wrote(session: Session, ticket: Ticket, at: datetime) -> None:
    """The customer answers or asks again: the pause is over, and a reply is owed if none was."""
    clocks = Clocks.of(ticket)
    _resume(clocks, CUSTOMER, at)
    if clocks.reply is None and clocks.policy:
        _start(session, ticket, clocks, ("next_reply",), at)
        _promise(session, ticket)
    else:
        _reckoned(session, ticket, clocks)


def described(session: Session, ticket: Ticket) -> None:
    """Priority or group were found out: targets follow them. What the clock itself raised stays raised."""
    clocks, asked = Clocks.of(ticket), str(ticket.priority)
    above = str(ticket.sla.get("raised", ""))
    if above == asked:
        asked = clocks.priority
    elif above and _RANK.index(above) > _RANK.index(asked):
        ticket.priority = Priority(above)
    if clocks.policy and (clocks.priority, clocks.group) != (asked, ticket.team):
        retarget(session, ticket, clocks, priority=asked)


def draft_waits(session: Session, ticket: Ticket, draft: Draft) -> None:
    """A finished draft waits for a decision; a newer version of one that waits already has its clock."""
    clocks = Clocks.of(ticket)
    if not clocks.policy:
        return
    if "approval" not in clocks.running:
        _start(session, ticket, clocks, ("approval",), now())
    clock = Clocks.of(ticket).running.get("approval")
    draft.decide_due = clock.due if clock else None


def decided(ticket: Ticket) -> None:
    """Somebody decided the waiting draft."""
    _stop(ticket, ("approval",))


def prioritised(session: Session, ticket: Ticket) -> None:
    """A person said how pressing it is: that is what is promised, whatever the clock had raised."""
    ticket.sla = {name: value for name, value in ticket.sla.items() if name != "raised"}
    retarget(session, ticket, priority=str(ticket.priority))


def replied(ticket: Ticket, episode: Episode) -> None:
    """The customer has got an answer; of one that was not the first the episode keeps whether it was in time."""
    if (clock := Clocks.of(ticket).running.get("next_reply")) is not None:
        episode.next_replies += 1
        episode.next_late += int(clock.due is not None and clock.due < now())
    _stop(ticket, (*REPLIES, "approval"))


def moved(session: Session, ticket: Ticket, was: Status, to: Status) -> None:
    """The ticket's status changed: what waits for the customer stands still, what is over stops."""
    if was == Status.QUARANTINED and to == Status.RECEIVED:
        episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
        begin(session, ticket, episode.started_at if episode else ticket.created_at)
        _promise(session, ticket)
    elif to in _STOPPED:
        _end(session, ticket)
    elif to == Status.DELIVERED or (to == Status.NEEDS_INFO and was == Status.DELIVERED):
        if plans.current(session)[1].pause_waiting:
            pause(session, ticket, CUSTOMER)
    elif ticket.paused == CUSTOMER:
        resume(session, ticket, CUSTOMER)


def pause(session: Session, ticket: Ticket, why: str, at: datetime | None = None) -> None:
    """Let nothing count from now on; `why` is "customer" or "incident". A pause that goes on keeps its first reason."""
    clocks = Clocks.of(ticket)
    if clocks.policy and clocks.paused_at is None:
        clocks.pauses.append((at or now(), None))
        clocks.why = why
        _reckoned(session, ticket, clocks)


def resume(session: Session, ticket: Ticket, why: str) -> None:
    """Let the clocks go on, when it is for this reason that they stand still."""
    clocks = Clocks.of(ticket)
    if clocks.why == why and clocks.paused_at is not None:
        _resume(clocks, why, now())
        _reckoned(session, ticket, clocks)


def retarget(session: Session, ticket: Ticket, clocks: Clocks | None = None, *, priority: str = "") -> bool:
    """Work the ticket's due times out anew, by the plan that counts now; returns whether one changed.

    `priority` is the one that targets go by; usually the ticket's, unless the clock itself raised it.
    """
    clocks = clocks or Clocks.of(ticket)
    before = (ticket.first_reply_due, ticket.resolve_due, ticket.decide_due)
    number, plan = plans.current(session)
    by_the_clock = bool(clocks.priority) and ticket.sla.get("raised") == str(ticket.priority)
    policy = _choose(plan, ticket, clocks, priority or (clocks.priority if by_the_clock else str(ticket.priority)))
    for kind in list(clocks.running):
        minutes = policy.minutes(clocks.priority, kind)
        if minutes is None:
            del clocks.running[kind]
        else:
            clocks.running[kind].seconds = minutes * 60.0
    _keep(ticket, clocks, number, plan, policy)
    _promise(session, ticket)
    return before != (ticket.first_reply_due, ticket.resolve_due, ticket.decide_due)


def raised(ticket: Ticket, priority: str) -> None:
    """The clock raised the priority: the ticket's place in the queue changes, what was promised does not."""
    ticket.sla = {**ticket.sla, "raised": priority}


# ---- inside ---------------------------------------------------------------------------------------------------


def _start(session: Session, ticket: Ticket, clocks: Clocks, kinds: Iterable[str], start: datetime) -> None:
    number, plan = plans.current(session)
    chosen = plan.policy_for(clocks.tier, clocks.group) if clocks.running else None
    policy = chosen or _choose(plan, ticket, clocks, str(ticket.priority))
    for kind in kinds:
        if (minutes := policy.minutes(clocks.priority, kind)) is not None:
            clocks.running[kind] = Clock(kind, start, minutes * 60.0)
    _keep(ticket, clocks, number, plan, policy)


def _reckoned(session: Session, ticket: Ticket, clocks: Clocks) -> None:
    number, plan = plans.current(session)
    _keep(ticket, clocks, number, plan, plan.policy_for(clocks.tier, clocks.group))
    _promise(session, ticket)


def _choose(plan: Plan, ticket: Ticket, clocks: Clocks, priority: str) -> Policy:
    clocks.group, clocks.priority = ticket.team, priority
    policy = plan.policy_for(clocks.tier, clocks.group)
    clocks.policy = policy.name
    return policy


def _keep(ticket: Ticket, clocks: Clocks, number: int, plan: Plan, policy: Policy) -> None:
    hours = plan.hours_for(policy, clocks.group)
    for clock in clocks.running.values():
        clock.reckon(hours, clocks.pauses, plan.warn / 100)
    raised = ticket.sla.get("raised")
    ticket.sla = clocks.to_json() | ({"raised": raised} if raised else {})
    ticket.target_plan = number
    _columns(ticket, clocks)


def _columns(ticket: Ticket, clocks: Clocks) -> None:
    """The due times as columns: what queues sort by, and when the clock has to look next."""
    running = clocks.running
    reply, decide = clocks.reply, running.get("approval")
    ticket.first_reply_due = reply.due if reply else None
    ticket.resolve_due = running["resolve"].due if "resolve" in running else None
    ticket.decide_due = decide.due if decide else None
    first = min((clock for clock in running.values() if clock.due), key=lambda clock: (clock.due, clock.kind), default=None)
    ticket.paused = clocks.why if clocks.paused_at else ""
    ticket.due_at, ticket.due_kind = (first.due, first.kind) if first and not ticket.paused else (None, "")
    ticket.clock_at = min(filter(None, (_next(clock) for clock in running.values())), default=None)


def _next(clock: Clock) -> datetime | None:
    return clock.warn if clock.told < WARNED else clock.due if clock.told < BREACHED else None


def told(ticket: Ticket, clocks: Clocks) -> None:
    """Keep what people have heard of, and when to look again."""
    ticket.sla = {**ticket.sla, **clocks.to_json()}
    _columns(ticket, clocks)


def _stop(ticket: Ticket, kinds: Iterable[str]) -> None:
    clocks = Clocks.of(ticket)
    if [kind for kind in kinds if clocks.running.pop(kind, None)]:
        ticket.sla = {**ticket.sla, **clocks.to_json()}
        _columns(ticket, clocks)


def _end(session: Session, ticket: Ticket) -> None:
    """Everything stops; what stood still goes on first, so that the promise keeps the time it waited."""
    clocks = Clocks.of(ticket)
    if clocks.paused_at is not None:
        _resume(clocks, clocks.why, now())
        _reckoned(session, ticket, clocks)
    _stop(ticket, (*REPLIES, "resolve", "approval"))


def _resume(clocks: Clocks, why: str, at: datetime) -> None:
    if clocks.why == why and clocks.paused_at is not None:
        clocks.pauses[-1] = (clocks.pauses[-1][0], max(at, clocks.pauses[-1][0]))
        clocks.why = ""


def _promise(session: Session, ticket: Ticket) -> None:
    """The episode's promises follow the clocks that run: the metrics read them."""
    clocks = Clocks.of(ticket)
    first, solved, decide = (clocks.running.get(kind) for kind in ("first_reply", "resolve", "approval"))
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id and (first or solved) else None
    if episode is not None:
        if first:
            episode.first_reply_due = first.due
        if solved:
            episode.resolve_due = solved.due
        session.add(episode)
    draft = session.get(Draft, ticket.draft_id) if decide and ticket.draft_id else None
    if draft is not None and decide is not None and draft.status == "waiting":
        draft.decide_due = decide.due
        session.add(draft)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _maybe(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
