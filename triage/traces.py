"""Reading recorded runs: a list with filters, and one run as a tree of bars over its steps.

Steps tell what was done and are never lost; spans tell how it was nested and when. A step whose span is
missing (the process was killed before its spans were written) still gets a bar of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Float, and_, cast, extract, func, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from triage import genai
from triage import trace_words as words
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, InputError
from triage.models import Decision, Run, RunStep, SpanRecord, Ticket, User, now

PAGE = 25
STATUSES = ("running", "ended", "failed")
_WAIT_SHOWN = 0.05  # seconds in the queue from which a bar for the waiting is worth a line


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
class Bar:
    """One line of the waterfall: `start` in seconds after the run began, `ordinal` when a recorded step stands behind it.

    `what` is run, wait, agent, model, tool, retrieval, guard or other. `read_back`: done before a restart and not done again.
    """

    key: str
    parent: str | None
    label: str
    what: str
    role: str = ""
    start: float = 0.0
    seconds: float = 0.0
    depth: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    ordinal: int | None = None
    error: str = ""
    read_back: bool = False


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
    found = session.exec(select(Run, Ticket).join(Ticket).where(Run.id == run_id)).first()
    if found is None:
        raise InputError(f"There is no run {run_id[:40]}; it may have been removed, or the address is wrong.")
    run, ticket = found
    _check(session, user, ticket)
    light = defer(RunStep.request, raiseload=True)  # type: ignore[arg-type]
    steps = list(session.exec(select(RunStep).options(light).where(RunStep.run_id == run.id).order_by(col(RunStep.ordinal))))
    spans = _spans(session, run)
    siblings = session.exec(select(Run).where(Run.ticket_id == run.ticket_id).order_by(col(Run.started_at))).all()
    restarts = _restarts(spans, steps)
    return Trace(
        run, ticket, _row(run, ticket.subject), words.story(run, ticket, steps), tree(run, steps, spans), steps, restarts,
        [_row(other, ticket.subject) for other in siblings],
    )  # fmt: skip


def load_step(session: Session, user: User, run_id: str, ordinal: int) -> RunStep:
    """One step with its whole request and response; the same errors as `load`."""
    found = session.exec(select(RunStep, Ticket).join(Run, col(Run.id) == RunStep.run_id).join(Ticket).where(
        RunStep.run_id == run_id, RunStep.ordinal == ordinal)).first()  # fmt: skip
    if found is None:
        raise InputError(f"This run has no step {ordinal}; reload the page.")
    step, ticket = found
    _check(session, user, ticket)
    return step


def tree(run: Run, steps: Sequence[RunStep], spans: Sequence[SpanRecord]) -> list[Bar]:
    """The run as bars in drawing order, parents before children."""
    origin = _origin(run, steps, spans)
    root = Bar("run", None, words.cause(run.cause), "run", seconds=_length(run, steps, spans, origin), error=run.error or "")
    bars = _from_spans(steps, spans, origin)
    known = {bar.ordinal for bar in bars if bar.ordinal is not None}
    since = _last_start(spans)
    bars += _without_spans([step for step in steps if step.ordinal not in known], bars, origin)
    done = {step.ordinal: step for step in steps}
    bars = [replace(bar, read_back=_before(done.get(bar.ordinal), since)) if bar.ordinal is not None else bar for bar in bars]
    first = min((bar.start for bar in bars), default=0.0)
    if first > _WAIT_SHOWN:
        bars.append(Bar("wait", "run", "Waits for a worker", "wait", seconds=first))
    return _in_order(root, bars)


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


# ---- the tree ---------------------------------------------------------------------------------------------


def _spans(session: Session, run: Run) -> list[SpanRecord]:
    """The run's spans, and those of the same trace that carry no run of their own."""
    mine = list(session.exec(select(SpanRecord).where(SpanRecord.run_id == run.id)))
    traces = {span.trace_id for span in mine}
    if traces:
        loose = select(SpanRecord).where(col(SpanRecord.trace_id).in_(traces), col(SpanRecord.run_id).is_(None))
        mine += session.exec(loose).all()
    return sorted(mine, key=lambda span: (span.start_ns, -span.end_ns))


def _origin(run: Run, steps: Sequence[RunStep], spans: Sequence[SpanRecord]) -> datetime:
    """When the first thing happened: usually the run's own start."""
    starts = [_step_start(step) for step in steps] + [_moment(span.start_ns, run) for span in spans]
    return min([run.started_at, *starts])


def _length(run: Run, steps: Sequence[RunStep], spans: Sequence[SpanRecord], origin: datetime) -> float:
    ends = [step.created_at for step in steps] + [_moment(span.end_ns, run) for span in spans]
    return (max([run.ended_at or run.started_at, *ends]) - origin).total_seconds()


def _from_spans(steps: Sequence[RunStep], spans: Sequence[SpanRecord], origin: datetime) -> list[Bar]:
    """A bar a span; a workflow's span is the run itself, so its children hang on the root."""
    by_ordinal = {step.ordinal: step for step in steps}
    newest = {span.attributes.get(genai.STEP): span.span_id for span in spans if genai.STEP in span.attributes}
    roots = {span.span_id for span in spans if span.name.startswith(genai.INVOKE_WORKFLOW)}
    kept = {span.span_id for span in spans} - roots
    bars = []
    for span in spans:
        if span.span_id in roots:
            continue
        ordinal = span.attributes.get(genai.STEP)
        step = by_ordinal.get(ordinal) if isinstance(ordinal, int) and newest.get(ordinal) == span.span_id else None
        parent = span.parent_id if span.parent_id in kept else "run"
        bars.append(_span_bar(span, step, parent or "run", origin))
    return bars


def _span_bar(span: SpanRecord, step: RunStep | None, parent: str, origin: datetime) -> Bar:
    start = span.start_ns / 1e9 - origin.timestamp()
    seconds = max(span.end_ns - span.start_ns, 0) / 1e9
    if step is not None:
        return replace(_step_bar(step, parent, origin), key=span.span_id, start=start, seconds=seconds)
    agent = str(span.attributes.get(genai.AGENT) or "")
    what = "agent" if span.name.startswith(genai.INVOKE_AGENT) else "other"
    label = words.agent(agent) if what == "agent" else words.span_name(span.name)
    error = str(span.attributes.get("message") or span.attributes.get(genai.ERROR_TYPE) or "") if span.status == "error" else ""
    return Bar(span.span_id, parent, label, what, agent, start, seconds, error=error)


def _without_spans(steps: Sequence[RunStep], bars: Sequence[Bar], origin: datetime) -> list[Bar]:
    """Bars for steps that have no span, under the agent at work then; where no agent is known, one a stretch of a role."""
    agents = [bar for bar in bars if bar.what == "agent"]
    made: list[Bar] = []
    group: Bar | None = None
    for step in steps:
        bar = _step_bar(step, "run", origin)
        home = next(
            (a for a in agents if a.role == step.role and a.start <= bar.start + bar.seconds <= a.start + a.seconds), None
        )
        if home is None and step.role:
            if group is None or group.role != step.role:
                group = Bar(f"group-{step.ordinal}", "run", words.agent(step.role), "agent", step.role, bar.start)
                made.append(group)
            group, place = replace(group, seconds=max(group.seconds, bar.start + bar.seconds - group.start)), made.index(group)
            made[place] = home = group
        elif not step.role:
            group = None
        made.append(replace(bar, parent=home.key if home else "run"))
    return made


def _step_bar(step: RunStep, parent: str, origin: datetime) -> Bar:
    return Bar(
        f"step-{step.ordinal}", parent, words.step(step.kind, step.name), step.kind, step.role,
        (_step_start(step) - origin).total_seconds(), step.seconds, tokens=step.input_tokens + step.output_tokens,
        cost_usd=step.cost_usd, ordinal=step.ordinal, error=step.error or "",
    )  # fmt: skip


def _in_order(root: Bar, bars: Sequence[Bar]) -> list[Bar]:
    children: dict[str | None, list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: (bar.start, bar.ordinal if bar.ordinal is not None else -1)):
        children.setdefault(bar.parent, []).append(bar)
    ordered, waiting = [], [root]
    while waiting:
        bar = waiting.pop()
        ordered.append(bar)
        waiting += [replace(child, depth=bar.depth + 1) for child in reversed(children.get(bar.key, []))]
    return ordered


def _last_start(spans: Sequence[SpanRecord]) -> datetime | None:
    """When the run was last taken up."""
    starts = [span.start_ns for span in spans if span.name.startswith(genai.INVOKE_WORKFLOW)]
    return datetime.fromtimestamp(max(starts) / 1e9, now().tzinfo) if starts else None


def _before(step: RunStep | None, moment: datetime | None) -> bool:
    return step is not None and moment is not None and step.created_at < moment


def _restarts(spans: Sequence[SpanRecord], steps: Sequence[RunStep]) -> int:
    """How often the run was taken up again; a killed process leaves steps behind but no span of its own."""
    started = [span.start_ns for span in spans if span.name.startswith(genai.INVOKE_WORKFLOW)]
    orphaned = bool(started) and any(step.created_at.timestamp() * 1e9 < min(started) for step in steps)
    return max(len(started) - 1, 0) + orphaned


def _step_start(step: RunStep) -> datetime:
    return step.created_at - timedelta(seconds=step.seconds)


def _moment(nanoseconds: int, run: Run) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, run.started_at.tzinfo)
