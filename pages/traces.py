"""Traces: every run of the agents as a list, one run as a story, a waterfall and its steps, and two runs held together."""

import streamlit as st

from pages.parts import office, run_words, screen, words
from pages.parts.markup import mute, show
from pages.parts.run_compare import comparison
from pages.parts.run_filters import filters
from pages.parts.run_view import run_view
from pages.parts.table import Cell, Column, Line, table
from triage import trace_words, traces
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import User
from triage.traces import RunFilter, RunRow

_COLUMNS = (
    Column("Ticket", "wide"), Column("Outcome", "short"), Column("Model", "short extra"), Column("Calls", "right extra"), Column("Tokens", "right"),
    Column("Cost", "right"), Column("Took", "right"), Column("Started", "right"),
)  # fmt: skip


def main() -> None:
    with screen.page("Traces", Permission.SEE_OWN_TRACES, note="What the agents did, step by step.") as user:
        run_id, against = st.query_params.get("run", ""), st.query_params.get("against", "")
        if run_id and against:
            comparison(user, run_id, against)
        elif run_id:
            run_view(user, run_id)
        else:
            _list(user)


def _list(user: User) -> None:
    wanted = filters(user)
    found = office.read(lambda session: traces.listing(session, user, wanted, page=screen.page_number()))
    if not found.total:
        _nothing(user, wanted)
        return
    mean = f"on average {run_words.took(found.seconds)}" if found.seconds else ""
    show(
        mute(
            " · ".join(
                part for part in (words.plural(found.total, "run"), mean, f"{run_words.money(found.cost_usd)} in all") if part
            )
        )
    )
    opened = table(_COLUMNS, [_line(row) for row in found.rows], key="runs", label="Runs, newest first")
    screen.pager(found.total, traces.PAGE)
    if opened:
        screen.go(run=opened, step=None, find=wanted.words or None)
        st.rerun()


def _nothing(user: User, wanted: RunFilter) -> None:
    if wanted != RunFilter():
        screen.empty("No run fits these filters", "Loosen one of them, or clear what is typed.")
    elif access.may(user, Permission.READ_MACHINERY):
        screen.empty("No runs yet", "As soon as a ticket comes in, the agents' work on it appears here.")
    else:
        screen.empty("No runs of your tickets yet", "You see the runs of tickets that are assigned to you or that you decided.")


def _line(row: RunRow) -> Line:
    outcome, _ = run_words.outcome(row)
    return Line(row.id, (
        Cell(row.subject or "(no subject)", sub=f"#{row.ticket_id} · {trace_words.cause(row.cause).lower()}", strong=True, sort=row.ticket_id),
        Cell(chips=run_words.marks(row), title="; ".join(row.degraded), sort=outcome),
        Cell(row.model or "none", tone="m"),
        Cell(f"{row.model_calls}", sort=float(row.model_calls)),
        Cell(f"{row.tokens:,}", sort=float(row.tokens)),
        Cell(run_words.money(row.cost_usd), sort=row.cost_usd),
        Cell(run_words.took(row.seconds), sort=row.seconds),
        Cell(words.age(row.started_at), title=words.clock(row.started_at), tone="m", sort=row.started_at.timestamp()),
    ), label=f"Run of ticket {row.ticket_id}, {outcome}")  # fmt: skip


main()
