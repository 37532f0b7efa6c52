"""Alerts: loops, and spikes of cost, blocks, refusals and errors, looked for by the clock and answered by people.

A spike is an hour (or day) far outside what the same hours (or days) of the last two (or four) weeks were: above the
median by six times the spread, where the spread is the median absolute deviation made comparable to a standard
deviation (Hampel's identifier) but at least the square root of the median, which is what plain chance gives a count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.alert_history import Series, hourly, spent_by_day
from triage.errors import ConflictError, InputError
from triage.models import Alert, Message, QuarantineReason, Role, Run, RunStep, Status, Ticket, User, now
from triage.notifications.telling import tell

SAME_CALLS = 4  # of one tool with the same arguments, in one run
MANY_RUNS = 8  # of one ticket in a day
ROUNDS = 3  # of an answer within minutes of our message, in a day
AT_ONCE = timedelta(minutes=3)
TIMES = 6.0
LEAST_WINDOWS = 12  # of history, before anything counts as unusual
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_NO_FORK = col(Run.forked_at).is_(None)

KINDS = {
    "loop_tool": "The same tool call again and again",
    "loop_runs": "A ticket worked on again and again",
    "ping_pong": "Mail going back and forth with a machine",
    "flood": "A flood of one sender is set aside",
    "cost_spike": "Cost far above the usual",
    "block_spike": "Guards stop more than usual",
    "refusal_spike": "Models refuse more than usual",
    "error_spike": "More runs fail than usual",
    "outage_spike": "Models fail to answer more than usual",
}


@dataclass(frozen=True)
class Found:
    """Something unusual now: what kind, about what, in words, and the figures behind it."""

    kind: str
    subject: str
    title: str
    detail: str
    figures: dict[str, object] = field(default_factory=dict)
    ticket_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True)
class Row:
    alert: Alert
    by: str


# ---- what is unusual --------------------------------------------------------------------------------------


def spike(value: float, usual: Sequence[float], least: float) -> float | None:
    """The bound that `value` passes when it is far above the usual, else None. Below `least` nothing is a spike."""
    if value < least or len(usual) < LEAST_WINDOWS:
        return None
    middle = median(usual)
    deviation = 1.4826 * median(abs(one - middle) for one in usual)
    bound = middle + TIMES * max(deviation, middle**0.5, least / TIMES / 2)
    return bound if value > bound else None


def look(session: Session) -> Iterator[Found]:
    """Everything unusual at this moment."""
    moment = now()
    yield from _same_calls(session, moment)
    yield from _many_runs(session, moment)
    yield from _ping_pong(session, moment)
    yield from _floods(session, moment)
    for series in (*hourly(session, moment), *spent_by_day(session, moment)):
        yield from _spikes(series)


def _spikes(series: Series) -> Iterator[Found]:
    if (bound := spike(series.value, series.usual, series.least)) is None:
        return
    usual = median(series.usual)
    said = f"{series.word(series.value)} {series.window}; usual is {series.word(usual)}, and above {series.word(bound)} it is no chance."
    figures: dict[str, object] = {"value": series.value, "usual": usual, "bound": round(bound, 4)}
    yield Found(series.kind, series.subject, f"{KINDS[series.kind]}: {series.name}", said, figures)


def _same_calls(session: Session, moment: datetime) -> Iterator[Found]:
    count = func.count()
    query = (
        select(RunStep.run_id, RunStep.name, Run.ticket_id, count)
        .join(Run, col(Run.id) == RunStep.run_id)
        .where(RunStep.kind == "tool", RunStep.created_at > moment - _HOUR, _NO_FORK)
        .group_by(col(RunStep.run_id), col(RunStep.name), col(RunStep.request_hash), col(Run.ticket_id))
        .having(count >= SAME_CALLS)
    )
    for run_id, name, ticket_id, times in session.exec(query):
        said = f"In one run of ticket #{ticket_id} the tool {name} was called {times} times with the same arguments."
        yield Found("loop_tool", f"{run_id}:{name}", f"{KINDS['loop_tool']}: {name}", said, {"calls": times}, ticket_id)


def _many_runs(session: Session, moment: datetime) -> Iterator[Found]:
    count = func.count()
    query = select(Run.ticket_id, count, func.sum(Run.cost_usd)).where(Run.started_at > moment - _DAY, _NO_FORK)
    for ticket_id, times, cost in session.exec(query.group_by(col(Run.ticket_id)).having(count >= MANY_RUNS)):
        said = f"The agents worked on ticket #{ticket_id} {times} times in a day, for ${cost or 0:.2f}."
        yield Found("loop_runs", f"ticket:{ticket_id}", f"{KINDS['loop_runs']}: #{ticket_id}", said, {"runs": times}, ticket_id)


def _ping_pong(session: Session, moment: datetime) -> Iterator[Found]:
    count = func.count()
    woken = select(Run.ticket_id).where(Run.started_at > moment - _DAY, Run.cause == "reply", _NO_FORK)
    for ticket_id in session.exec(woken.group_by(col(Run.ticket_id)).having(count >= ROUNDS)).all():
        times = [(at, way) for at, way in session.exec(
            select(Message.created_at, Message.direction)
            .where(Message.ticket_id == ticket_id, Message.created_at > moment - _DAY, Message.direction != "note")
            .order_by(col(Message.id))
        )]  # fmt: skip
        quick = sum(was == "out" and way == "in" and at - before < AT_ONCE for (before, was), (at, way) in pairwise(times))
        if quick >= ROUNDS:
            said = f"{quick} of our messages in ticket #{ticket_id} were answered within {AT_ONCE.seconds // 60} minutes; a machine may be answering."
            yield Found(
                "ping_pong", f"ticket:{ticket_id}", f"{KINDS['ping_pong']}: #{ticket_id}", said, {"rounds": quick}, ticket_id
            )


def _floods(session: Session, moment: datetime) -> Iterator[Found]:
    count = func.count()
    held = select(Ticket.requester_email, count).where(
        Ticket.created_at > moment - _HOUR, Ticket.status == Status.QUARANTINED, Ticket.reason == QuarantineReason.FLOOD
    )
    for sender, times in session.exec(held.group_by(col(Ticket.requester_email))):
        said = f"{times:,} messages of {sender} in the last hour wait in quarantine; a person can let all of them in."
        yield Found("flood", sender, f"{KINDS['flood']}: {sender}", said, {"messages": times})


# ---- what becomes of it -----------------------------------------------------------------------------------


def watch(session: Session) -> str:
    """Open an alert for what is new, keep those that go on, close those that are over; managers and admins hear of new ones."""
    active = {row.active: row for row in session.exec(select(Alert).where(col(Alert.active).is_not(None)).with_for_update())}
    opened = 0
    for found in look(session):
        row = active.get(found.key)
        if row is None:
            active[found.key] = _open(session, found)
            opened += 1
        else:
            row.seen, row.last_at, row.detail, row.figures = row.seen + 1, now(), found.detail, found.figures
            session.add(row)
    over = [row for row in active.values() if row.last_at < now() - _HOUR]
    for row in over:
        row.active, row.status, row.closed_at = None, "closed", now()
        session.add(row)
    return f"{opened} alerts opened, {len(over)} closed"


def acknowledge(session: Session, user: User, alert_id: int, comment: str) -> None:
    """Say that somebody looks after it, with what they found or do. Raises InputError without a comment."""
    access.require(access.fresh(session, user), Permission.READ_MACHINERY)
    row = session.get(Alert, alert_id, with_for_update=True)
    if row is None or row.status != "open":
        raise ConflictError("This alert is no longer open; reload the page.")
    if not comment.strip():
        raise InputError("Write a word on what you found or do about it.")
    row.status, row.comment = "acknowledged", comment.strip()[:2_000]
    row.acknowledged_by, row.acknowledged_at = user.id, now()
    session.add(row)
    audit.append(session, "alert_acknowledged", actor=f"user:{user.id}", alert=row.id, about=row.title, comment=row.comment)


def listing(session: Session, user: User, *, limit: int = 50) -> list[Row]:
    """Alerts, the open ones first, then by when they were last seen."""
    access.require(user, Permission.READ_MACHINERY)
    order = (col(Alert.active).is_(None), col(Alert.status) != "open", col(Alert.last_at).desc())
    query = select(Alert, User.name).outerjoin(User, col(User.id) == Alert.acknowledged_by).order_by(*order).limit(limit)
    return [Row(alert, name or "") for alert, name in session.exec(query)]


def open_count(session: Session) -> int:
    """How many alerts nobody has acknowledged yet."""
    return int(session.exec(select(func.count()).where(Alert.status == "open")).one())


def _open(session: Session, found: Found) -> Alert:
    ticket = session.get(Ticket, found.ticket_id) if found.ticket_id else None
    row = Alert(
        active=found.key, kind=found.kind, subject=found.subject, ticket_id=ticket.id if ticket else None, title=found.title,
        detail=found.detail, figures=found.figures,
    )  # fmt: skip
    session.add(row)
    tell(session, "alert", f"{found.title}. {found.detail}", role=Role.MANAGER, ticket_id=row.ticket_id)
    return row
