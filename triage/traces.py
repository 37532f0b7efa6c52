"""Reading recorded runs: a list with filters, and one run with its story, its tree and its steps."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Float, and_, cast, extract, func, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from triage import trace_words as words
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, InputError
from triage.models import Decision, Run, RunStep, SpanRecord, Ticket, User, now
from triage.trace_tree import Bar, restarts, tree

PAGE = 25
STATUSES = ("running", "ended", "failed")


@dataclass(frozen=True)
class RunFilter:
    """What the list is narrowed to; empty values do not narrow. Costs in USD, times in seconds."""

    status: str = ""
    outcome: str = ""
    model: str = ""
    cause: str = ""
    ticket: int | None = None
    degraded: bool = False
    cost_from: float = 0.0
    seconds_from: float = 0.0
    since: datetime | None = None


@dataclass(frozen=True)
class RunRow:
    """One line of the list. `seconds` is None while the run goes on."""

    id: str
    ticket_id: int
    subject: str
    cause: str
    status: str
    outcome: str
    model: str
    degraded: list[str]
    model_calls: int
    tokens: int
    cost_usd: float
    seconds: float | None
    started_at: datetime


@dataclass(frozen=True)
class RunPage:
    """`total` counts every run of the filter; `cost_usd` and `seconds` are sum and mean over all of them."""

    rows: list[RunRow]
    total: int
    cost_usd: float
    seconds: float


@dataclass(frozen=True)
class Trace:
    """One run. `story` says in plain sentences what happened and why; `steps` come without their requests."""

    run: Run
    ticket: Ticket
    row: RunRow
    story: list[str]
    bars: list[Bar]
    steps: list[RunStep]
    restarts: int = 0
    others: list[RunRow] = field(default_factory=list)


def listing(session: Session, user: User, wanted: RunFilter, *, page: int = 1, size: int = PAGE) -> RunPage:
    """One page of runs, the newest first; staff get the runs of their own tickets only."""
    conditions = [*_visible(user), *_conditions(session, wanted)]
    figures = select(func.count(), func.coalesce(func.sum(Run.cost_usd), 0.0), func.coalesce(func.avg(_seconds(session)), 0.0))
    total, cost, seconds = session.exec(figures.select_from(Run).join(Ticket).where(*conditions)).one()
    query = select(Run, Ticket.subject).join(Ticket).where(*conditions).order_by(col(Run.started_at).desc(), col(Run.id))
    rows = session.exec(query.offset((max(page, 1) - 1) * size).limit(size)).all()
    return RunPage([_row(run, subject) for run, subject in rows], total, float(cost), float(seconds))


def choices(session: Session, user: User) -> dict[str, list[str]]:
    """What the filters offer: the models, outcomes and causes that occur."""
    found = {}
    for name, column in (("model", Run.model), ("outcome", Run.outcome), ("cause", Run.cause)):
        values = session.exec(select(column).join(Ticket).where(*_visible(user)).distinct().order_by(column))
        found[name] = [value for value in values if value]
    return found


def load(session: Session, user: User, run_id: str) -> Trace:
    """One run with its bars. Raises InputError when there is none, AccessError when it is not this person's to see."""
    run, ticket = reachable(session, user, run_id)
    light = defer(RunStep.request, raiseload=True)  # type: ignore[arg-type]
    steps = list(session.exec(select(RunStep).options(light).where(RunStep.run_id == run.id).order_by(col(RunStep.ordinal))))
    spans = _spans(session, run)
    siblings = session.exec(select(Run).where(Run.ticket_id == run.ticket_id).order_by(col(Run.started_at))).all()
    return Trace(
        run, ticket, _row(run, ticket.subject), words.story(run, ticket, steps), tree(run, steps, spans), steps, restarts(spans, steps),
        [_row(other, ticket.subject) for other in siblings],
    )  # fmt: skip


def reachable(session: Session, user: User, run_id: str) -> tuple[Run, Ticket]:
    """A run and its ticket; the same errors as `load`."""
    found = session.exec(select(Run, Ticket).join(Ticket).where(Run.id == run_id)).first()
    if found is None:
        raise InputError(f"There is no run {run_id[:40]}; it may have been removed, or the address is wrong.")
    _check(session, user, found[1])
    return found[0], found[1]


def whole_id(session: Session, beginning: str) -> str:
    """The id of the one run that begins so. Raises InputError when there is none, or more than one."""
    found = (
        session.exec(select(Run.id).where(col(Run.id).startswith(beginning, autoescape=True)).limit(2)).all() if beginning else []
    )
    if len(found) != 1:
        raise InputError(
            f"{'No run begins' if not found else 'More than one run begins'} with {beginning[:40]!r}; `triage trace list` shows them."
        )
    return found[0]


def load_step(session: Session, user: User, run_id: str, ordinal: int) -> RunStep:
    """One step with its whole request and response; the same errors as `load`."""
    found = session.exec(select(RunStep, Ticket).join(Run, col(Run.id) == RunStep.run_id).join(Ticket).where(
        RunStep.run_id == run_id, RunStep.ordinal == ordinal)).first()  # fmt: skip
    if found is None:
        raise InputError(f"This run has no step {ordinal}; reload the page.")
    step, ticket = found
    _check(session, user, ticket)
    return step


# ---- the list ---------------------------------------------------------------------------------------------


def _visible(user: User) -> list[ColumnElement[bool]]:
    """Staff see what is theirs: assigned to them, decided by them, or open before them now."""
    if access.may(user, Permission.READ_MACHINERY):
        return []
    access.require(user, Permission.SEE_OWN_TRACES)
    decided = select(Decision.id).where(Decision.ticket_id == Ticket.id, Decision.user_id == user.id).exists()
    opened = and_(col(Ticket.claimed_by) == user.id, col(Ticket.claimed_until) > now())
    return [or_(col(Ticket.assignee_id) == user.id, opened, decided)]


def _check(session: Session, user: User, ticket: Ticket) -> None:
    if session.exec(select(Ticket.id).where(Ticket.id == ticket.id, *_visible(user))).first() is None:
        raise AccessError(
            "You can see the runs of your own tickets; this ticket is somebody else's. Assign it to yourself first."
        )


def _conditions(session: Session, wanted: RunFilter) -> list[ColumnElement[bool]]:
    exact = {Run.status: wanted.status, Run.outcome: wanted.outcome, Run.model: wanted.model, Run.cause: wanted.cause}
    conditions = [col(column) == value for column, value in exact.items() if value]
    if wanted.ticket is not None:
        conditions.append(col(Run.ticket_id) == wanted.ticket)
    if wanted.degraded:
        length = func.jsonb_array_length if _postgres(session) else func.json_array_length
        conditions.append(length(col(Run.degraded)) > 0)
    if wanted.cost_from > 0:
        conditions.append(col(Run.cost_usd) >= wanted.cost_from)
    if wanted.seconds_from > 0:
        conditions.append(_seconds(session) >= wanted.seconds_from)
    if wanted.since is not None:
        conditions.append(col(Run.started_at) >= wanted.since)
    return conditions


def _seconds(session: Session) -> ColumnElement[float]:
    """How long an ended run took, in SQL; null while it goes on."""
    if _postgres(session):
        return cast(extract("epoch", col(Run.ended_at)) - extract("epoch", col(Run.started_at)), Float)
    return (func.julianday(col(Run.ended_at)) - func.julianday(col(Run.started_at))) * 86_400.0


def _postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _row(run: Run, subject: str) -> RunRow:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return RunRow(
        run.id, run.ticket_id, subject, run.cause, run.status, run.outcome, run.model, run.degraded, run.model_calls,
        run.input_tokens + run.output_tokens, run.cost_usd, seconds, run.started_at,
    )  # fmt: skip


def _spans(session: Session, run: Run) -> list[SpanRecord]:
    """The run's spans, and those of the same trace that carry no run of their own."""
    mine = list(session.exec(select(SpanRecord).where(SpanRecord.run_id == run.id)))
    traces = {span.trace_id for span in mine}
    if traces:
        loose = select(SpanRecord).where(col(SpanRecord.trace_id).in_(traces), col(SpanRecord.run_id).is_(None))
        mine += session.exec(loose).all()
    return sorted(mine, key=lambda span: (span.start_ns, -span.end_ns))
