"""Reading recorded runs: a list with filters, and one run with its story, its tree and its steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from triage import genai, jsontext, trace_blame, trace_filter, trace_marks, trace_reasons
from triage import trace_words as words
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, InputError
from triage.models import CommonPremise, Decision, Run, RunStep, SpanRecord, Ticket, User, now
from triage.trace_blame import Blame
from triage.trace_filter import RunFilter as RunFilter
from triage.trace_tree import Bar, restarts, tree

PAGE = 25
_PREMISES = 50  # the newest ones, whose prompts' versions are offered
_EXCERPT = 60  # characters on each side of what was searched for
STATUSES = ("running", "ended", "failed")


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
    forked: bool = False
    error: str = ""


@dataclass(frozen=True)
class RunPage:
    """`total` counts every run of the filter; `cost_usd` and `seconds` are sum and mean over all of them."""

    rows: list[RunRow]
    total: int
    cost_usd: float
    seconds: float


@dataclass(frozen=True)
class Trace:
    """One run. `story` says in plain sentences what happened and why, `why` what made it cost, last or escalate as it did.

    `steps` come without their requests. `blame` is the step that failed or decided, `marks` what steps are marked with, by ordinal.
    """

    run: Run
    ticket: Ticket
    row: RunRow
    story: list[str]
    bars: list[Bar]
    steps: list[RunStep]
    restarts: int = 0
    others: list[RunRow] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    blame: Blame | None = None
    marks: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """A step that says what was searched for: where (request, response or error), and the words around it."""

    ordinal: int
    label: str
    where: str
    before: str
    found: str
    after: str


def listing(session: Session, user: User, wanted: RunFilter, *, page: int = 1, size: int = PAGE) -> RunPage:
    """One page of runs, the newest first; staff get the runs of their own tickets only."""
    conditions = [*_visible(user), *trace_filter.conditions(session, wanted)]
    figures = select(
        func.count(), func.coalesce(func.sum(Run.cost_usd), 0.0), func.coalesce(func.avg(trace_filter.seconds(session)), 0.0)
    )
    total, cost, seconds = session.exec(figures.select_from(Run).join(Ticket).where(*conditions)).one()
    query = select(Run, Ticket.subject).join(Ticket).where(*conditions).order_by(col(Run.started_at).desc(), col(Run.id))
    rows = session.exec(query.offset((max(page, 1) - 1) * size).limit(size)).all()
    return RunPage([_row(run, subject) for run, subject in rows], total, float(cost), float(seconds))


def choices(session: Session, user: User) -> dict[str, list[str]]:
    """What the filters offer: the models, outcomes and causes that occur; agents and tools by name; versions of prompts."""
    found: dict[str, list[str]] = {"agent": list(words.AGENTS)}
    named = select(RunStep.name).where(col(RunStep.kind).in_(("tool", "retrieval"))).distinct().order_by(RunStep.name)
    found["tool"] = list(session.exec(named)) if access.may(user, Permission.READ_MACHINERY) else list(words.TOOLS)
    versions = {
        f"{role}:{version}"
        for content in session.exec(select(CommonPremise.content).order_by(col(CommonPremise.created_at).desc()).limit(_PREMISES))
        for role, version in _versions(content)
    }
    found["prompt"] = sorted(versions)
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
        [_row(other, ticket.subject) for other in siblings], trace_reasons.reasons(session, run, ticket, steps),
        trace_blame.deciding(run, steps), trace_marks.marks(steps),
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


def find(session: Session, user: User, run_id: str, wanted: str) -> list[Hit]:
    """The steps of a run that say these words, in their order; the same errors as `load`."""
    reachable(session, user, run_id)
    if not wanted.strip():
        return []
    said = trace_filter.contains(wanted)
    steps = session.exec(select(RunStep).where(RunStep.run_id == run_id, said).order_by(col(RunStep.ordinal))).all()
    return [_hit(step, trace_filter.as_stored(wanted)) for step in steps]


def permalink(run_id: str, ordinal: int | None = None) -> str:
    """The address of a run, or of one of its steps (`ordinal` from 0), below the desk's own."""
    return "/traces?" + urlencode({"run": run_id} | ({} if ordinal is None else {"step": ordinal}))


# ---- the list ---------------------------------------------------------------------------------------------


def _visible(user: User) -> list[ColumnElement[bool]]:
    """Staff see what is theirs: assigned to them, decided by them, or open before them now."""
    if access.may(user, Permission.READ_MACHINERY):
        return []
    access.require(user, Permission.SEE_OWN_TRACES)
    decided = select(Decision.id).where(Decision.ticket_id == Ticket.id, Decision.user_id == user.id).exists()
    opened = and_(col(Ticket.claimed_by) == user.id, col(Ticket.claimed_until) > now())
    return [or_(col(Ticket.assignee_id) == user.id, opened, decided)]


def may_see(session: Session, user: User, ticket_id: int) -> bool:
    """Whether a person may see the runs of a ticket. Raises AccessError for one who may see no runs at all."""
    return session.exec(select(Ticket.id).where(Ticket.id == ticket_id, *_visible(user))).first() is not None


def _check(session: Session, user: User, ticket: Ticket) -> None:
    if not may_see(session, user, ticket.id or 0):
        raise AccessError(
            "You can see the runs of your own tickets; this ticket is somebody else's. Assign it to yourself first."
        )


def _row(run: Run, subject: str) -> RunRow:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return RunRow(
        run.id, run.ticket_id, subject, run.cause, run.status, run.outcome, run.model, run.degraded, run.model_calls,
        run.input_tokens + run.output_tokens, run.cost_usd, seconds, run.started_at, run.forked_at is not None, run.error or "",
    )  # fmt: skip


def _spans(session: Session, run: Run) -> list[SpanRecord]:
    """The run's spans, and those of the same trace that carry no run of their own."""
    mine = list(session.exec(select(SpanRecord).where(SpanRecord.run_id == run.id)))
    traces = {span.trace_id for span in mine}
    if traces:
        loose = select(SpanRecord).where(col(SpanRecord.trace_id).in_(traces), col(SpanRecord.run_id).is_(None))
        mine += session.exec(loose).all()
    mine = [span for span in mine if not span.name.startswith(genai.AROUND)]
    return sorted(mine, key=lambda span: (span.start_ns, -span.end_ns))


def _hit(step: RunStep, wanted: str) -> Hit:
    texts = {"request": jsontext.dumps(step.request), "response": jsontext.dumps(step.response), "error": step.error or ""}
    label = words.agent(step.role) if step.kind == "model" else words.step(step.kind, step.name)
    for where, text in texts.items():
        at = text.lower().find(wanted.lower())
        if at >= 0:
            end = at + len(wanted)
            return Hit(step.ordinal, label, where, text[max(0, at - _EXCERPT) : at], text[at:end], text[end : end + _EXCERPT])
    return Hit(step.ordinal, label, "request", "", wanted, "")  # the database folds letters otherwise than we do


def _versions(content: Mapping[str, object]) -> list[tuple[str, int]]:
    prompts = content.get("prompts")
    return list(prompts.items()) if isinstance(prompts, dict) else []
