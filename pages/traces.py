"""Traces: every run of the agents as a list, and one run as a story, a waterfall and its steps."""

from datetime import timedelta

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.step_view import step_view
from pages.parts.table import Cell, Column, Line, table
from pages.parts.waterfall import waterfall
from triage import trace_words, traces
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, InputError
from triage.models import User, now
from triage.traces import RunFilter, RunRow, Trace

_VIEWS = {"": "All runs", "running": "At work", "failed": "Failed", "degraded": "Fell back"}
_DAYS = {"": "Any time", "1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days"}
_COSTS = {"": "Any cost", "0.01": "From $0.01", "0.05": "From $0.05", "0.25": "From $0.25"}
_TIMES = {"": "Any time taken", "5": "From 5 s", "20": "From 20 s", "60": "From 1 min"}
_COLUMNS = (
    Column("Ticket", "wide"), Column("Outcome", "short"), Column("Model", "short extra"), Column("Calls", "right extra"), Column("Tokens", "right"),
    Column("Cost", "right"), Column("Took", "right"), Column("Started", "right"),
)  # fmt: skip
_TONES = {"escalated": "w", "failed": "b", "quarantined": "w", "awaiting_approval": "o", "needs_info": "a"}


def main() -> None:
    with screen.page("Traces", Permission.SEE_OWN_TRACES, note="What the agents did, step by step.") as user:
        run_id = st.query_params.get("run", "")
        if run_id:
            _one(user, run_id)
        else:
            _list(user)


# ---- the list ---------------------------------------------------------------------------------------------


def _list(user: User) -> None:
    wanted = _filters(user)
    found = office.read(lambda session: traces.listing(session, user, wanted, page=screen.page_number()))
    if not found.total:
        _nothing(user, wanted)
        return
    mean = f"on average {_took(found.seconds)}" if found.seconds else ""
    show(mute(" · ".join(part for part in (words.plural(found.total, "run"), mean, f"{_money(found.cost_usd)} in all") if part)))
    opened = table(_COLUMNS, [_line(row) for row in found.rows], key="runs", label="Runs, newest first")
    screen.pager(found.total, traces.PAGE)
    if opened:
        screen.go(run=opened, step=None)
        st.rerun()


def _filters(user: User) -> RunFilter:
    offered = office.read(lambda session: traces.choices(session, user))
    view = screen.chips("Which runs", "view", _VIEWS)
    columns = st.columns([1.3, 1.1, 1, 1, 1, 1], gap="small")
    with columns[0]:
        outcome = screen.choice(
            "Outcome", "outcome", {"": "Any outcome"} | {o: trace_words.outcome(o).capitalize() for o in offered["outcome"]}
        )
    with columns[1]:
        model = screen.choice("Model", "model", {"": "Any model"} | {m: m for m in offered["model"]})
    with columns[2]:
        days = screen.choice("When", "days", _DAYS)
    with columns[3]:
        cost = screen.choice("Cost", "cost", _COSTS)
    with columns[4]:
        took = screen.choice("Time taken", "took", _TIMES)
    with columns[5]:
        ticket = screen.words_filter("Ticket", "ticket", "Ticket number").lstrip("#")
    return RunFilter(
        status=view if view in traces.STATUSES else "", outcome=outcome, model=model, degraded=view == "degraded",
        ticket=(int(ticket) if ticket.isdecimal() and len(ticket) < 10 else 0) if ticket else None,
        cost_from=float(cost or 0), seconds_from=float(took or 0), since=now() - timedelta(days=int(days)) if days else None,
    )  # fmt: skip


def _nothing(user: User, wanted: RunFilter) -> None:
    if wanted != RunFilter():
        screen.empty("No run fits these filters", "Loosen one of them, or clear the ticket number.")
    elif access.may(user, Permission.READ_MACHINERY):
        screen.empty("No runs yet", "As soon as a ticket comes in, the agents' work on it appears here.")
    else:
        screen.empty("No runs of your tickets yet", "You see the runs of tickets that are assigned to you or that you decided.")


def _line(row: RunRow) -> Line:
    outcome = trace_words.outcome(row.outcome, row.status)
    marks = [(outcome, "a" if row.status == "running" else _TONES.get(row.outcome, ""))] + (
        [("fell back", "w")] if row.degraded else []
    )
    return Line(row.id, (
        Cell(row.subject or "(no subject)", sub=f"#{row.ticket_id} · {trace_words.cause(row.cause).lower()}", strong=True, sort=row.ticket_id),
        Cell(chips=marks, title="; ".join(row.degraded), sort=outcome),
        Cell(row.model or "none", tone="m"),
        Cell(f"{row.model_calls}", sort=float(row.model_calls)),
        Cell(f"{row.tokens:,}", sort=float(row.tokens)),
        Cell(_money(row.cost_usd), sort=row.cost_usd),
        Cell(_took(row.seconds), sort=row.seconds),
        Cell(words.age(row.started_at), title=words.clock(row.started_at), tone="m", sort=row.started_at.timestamp()),
    ), label=f"Run of ticket {row.ticket_id}, {outcome}")  # fmt: skip


# ---- one run ----------------------------------------------------------------------------------------------


def _one(user: User, run_id: str) -> None:
    st.button("← All runs", key="all_runs", type="tertiary", on_click=lambda: screen.go(run=None, step=None))
    try:
        trace = office.read(lambda session: traces.load(session, user, run_id))
    except (InputError, AccessError) as error:
        screen.empty("This run cannot be shown", str(error))
        return
    st.fragment(_drawn, run_every="2s" if trace.run.status == "running" else None)(user, run_id)


def _drawn(user: User, run_id: str) -> None:
    trace = office.read(lambda session: traces.load(session, user, run_id))
    row = trace.row
    show(_summary(trace))
    screen.tiles([
        (_took(row.seconds) or "at work", "from queue to result", ""), (f"{row.model_calls}", "model calls", ""), (f"{row.tokens:,}", "tokens", ""),
        (_money(row.cost_usd), "cost", ""),
    ])  # fmt: skip
    with st.container(key="box_waterfall"):
        show(tag("div", "What happened when", cls="td-h3"))
        chosen = waterfall(trace.bars, key=f"waterfall_{run_id}", selected=_asked_step(trace))
    _step(user, run_id, chosen)
    _others(trace)


def _summary(trace: Trace) -> Markup:
    row, ticket = trace.row, trace.ticket
    models = [chip(model) for model in row.model.split("+") if model]
    marks = [chip(trace_words.outcome(row.outcome, row.status), _TONES.get(row.outcome, "a" if row.status == "running" else ""))]
    if row.degraded:
        marks.append(chip("fell back to another model", "w", "; ".join(row.degraded)))
    if trace.restarts:
        marks.append(
            chip(
                f"taken up again {trace.restarts}×",
                "w",
                "The process stopped on the way; what had been answered was read back, not asked again.",
            )
        )
    title = join(ticket.subject or "(no subject)", " ", mute(screen.ticket_link(ticket.id or 0, f"#{ticket.id} in the inbox")))
    when = mute("Started ", words.ago(row.started_at), " · ", trace_words.cause(row.cause).lower(), " ")
    return card(
        tag("p", " ".join(trace.story), cls="td-story"), tag("div", when, *marks, *models, style="margin-top:8px"), title=title
    )


def _step(user: User, run_id: str, chosen: int | None) -> None:
    if chosen is None:
        show(mute("Choose a step above to read exactly what went in and what came out."))
        return
    if st.query_params.get("step") != str(chosen):
        screen.go(step=str(chosen))
    try:
        step = office.read(lambda session: traces.load_step(session, user, run_id, chosen))
    except InputError as error:
        show(mute(str(error)))
        return
    with st.container(key="box_step"):
        step_view(step)


def _others(trace: Trace) -> None:
    others = [row for row in trace.others if row.id != trace.row.id]
    if others:
        lines = [
            [
                screen.run_link(row.id, trace_words.cause(row.cause)),
                trace_words.outcome(row.outcome, row.status),
                _took(row.seconds),
                words.ago(row.started_at),
            ]
            for row in others
        ]
        show(card(screen.report(["Run", "Outcome", "Took", "Started"], lines), title="Other runs of this ticket"))


def _asked_step(trace: Trace) -> int | None:
    given = st.query_params.get("step", "")
    return int(given) if given.isdecimal() and int(given) in {step.ordinal for step in trace.steps} else None


def _money(cost: float) -> str:
    return "$0" if not cost else f"${cost:.4f}" if cost < 0.1 else f"${cost:,.2f}"


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < 100 else words.span(seconds)


main()
