"""One run: what happened and why in sentences, its waterfall, a search within it, and each step's input and output."""

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from pages.parts import office, run_words, screen, words
from pages.parts.copy_link import copy_link
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.run_actions import actions
from pages.parts.run_fork import fork_button, fork_form, fork_strip
from pages.parts.step_view import step_view
from pages.parts.waterfall import waterfall
from triage import trace_words, traces
from triage.errors import AccessError, InputError
from triage.models import User
from triage.traces import Hit, Trace


def run_view(user: User, run_id: str) -> None:
    """The run of the address; one that goes on is drawn again every two seconds."""
    st.button("← All runs", key="all_runs", type="tertiary", on_click=_back)
    try:
        trace = office.read(lambda session: traces.load(session, user, run_id))
    except (InputError, AccessError) as error:
        screen.empty("This run cannot be shown", str(error))
        return
    st.fragment(_drawn, run_every="2s" if trace.run.status == "running" else None)(user, run_id)


def _back() -> None:
    screen.go(run=None, step=None, find=None, against=None, fork=None)


def _drawn(user: User, run_id: str) -> None:
    trace = office.read(lambda session: traces.load(session, user, run_id))
    screen.messages()
    row, chosen = trace.row, _asked_step(trace)
    fork_strip(user, trace.run)
    show(_summary(trace))
    actions(user, trace, _to_step)
    screen.tiles([
        (run_words.took(row.seconds) or "at work", "from queue to result", ""), (f"{row.model_calls}", "model calls", ""), (f"{row.tokens:,}", "tokens", ""),
        (run_words.money(row.cost_usd), "cost", ""),
    ])  # fmt: skip
    with st.container(key="box_waterfall"):
        with st.container(key="run_found", horizontal=True, vertical_alignment="center", gap="small"):
            show(tag("div", "What happened when", cls="td-h3"))
            hits = _search(user, run_id, chosen)
        waterfall(
            trace.bars,
            key=f"waterfall_{run_id}",
            selected=chosen,
            hits=[hit.ordinal for hit in hits],
            marks=trace.marks,
            choose=_to_step,
        )
    _step(user, trace, chosen)
    _others(trace)


def _summary(trace: Trace) -> Markup:
    row, ticket = trace.row, trace.ticket
    models = [chip(model) for model in row.model.split("+") if model]
    marks = [chip(*run_words.outcome(row))]
    if row.degraded:
        marks.append(chip("fell back to another model", "w", "; ".join(row.degraded)))
    if trace.restarts:
        again = "The process stopped on the way; what had been answered was read back, not asked again."
        marks.append(chip(f"taken up again {trace.restarts}×", "w", again))
    title = join(ticket.subject or "(no subject)", " ", mute(screen.ticket_link(ticket.id or 0, f"#{ticket.id} in the inbox")))
    when = mute(
        "Started ", words.ago(row.started_at), f" · {trace_words.cause(row.cause).lower()} · run {run_words.number(row.id)} "
    )
    return card(
        _why(trace),
        tag("p", " ".join(trace.story), cls="td-story"),
        tag("div", when, *marks, *models, style="margin-top:8px"),
        title=title,
    )


def _why(trace: Trace) -> Markup | None:
    """Why it was escalated, dear or slow."""
    return tag("ul", *[tag("li", sentence) for sentence in trace.why], cls="td-list plain td-why") if trace.why else None


# ---- search within ----------------------------------------------------------------------------------------


def _search(user: User, run_id: str, chosen: int | None) -> list[Hit]:
    """The steps that say what is looked for, and buttons that jump from one to the next."""
    find = screen.words_filter("Search in this run", "find", "Search in this run")
    if not find:
        return []
    hits = office.read(lambda session: traces.find(session, user, run_id, find))
    if not hits:
        show(mute("No step says that."))
        return []
    at = [hit.ordinal for hit in hits]
    show(tag("span", _where(at, chosen), cls="td-mute", role="status"))
    st.button("Previous", key="hit_back", on_click=_to_step, args=(_next(at, chosen, -1),), help="Previous step that says it")
    st.button("Next", key="hit_next", on_click=_to_step, args=(_next(at, chosen, 1),), help="Next step that says it")
    return hits


def _where(at: Sequence[int], chosen: int | None) -> str:
    steps = words.plural(len(at), "step")
    return f"{at.index(chosen) + 1} of {steps}" if chosen in at else f"{steps} {'says' if len(at) == 1 else 'say'} it"


def _next(at: Sequence[int], chosen: int | None, by: int) -> int:
    """The step to jump to, round and round."""
    if chosen is None:
        return at[0] if by > 0 else at[-1]
    beyond = [n for n in at if (n > chosen if by > 0 else n < chosen)]
    return (beyond[0] if by > 0 else beyond[-1]) if beyond else (at[0] if by > 0 else at[-1])


# ---- one step ---------------------------------------------------------------------------------------------


def _asked_step(trace: Trace) -> int | None:
    given = st.query_params.get("step", "")
    if given == screen.BLAME:
        return trace.blame.ordinal if trace.blame else None
    return int(given) if given.isdecimal() and int(given) in {step.ordinal for step in trace.steps} else None


def _to_step(ordinal: int) -> None:
    screen.go(step=str(ordinal), fork=None)


def _step(user: User, trace: Trace, chosen: int | None) -> None:
    if chosen is None:
        show(mute("Choose a step above to read exactly what went in and what came out."))
        return
    run_id = trace.run.id
    try:
        step = office.read(lambda session: traces.load_step(session, user, run_id, chosen))
    except InputError as error:
        show(mute(str(error)))
        return
    with st.container(key="box_step"):
        if trace.blame and trace.blame.ordinal == chosen and trace.blame.why != "the last step":
            by_link = st.query_params.get("step") == screen.BLAME  # then the page begins here, and the summary is out of sight
            show(
                tag(
                    "div",
                    tag("div", f"The step to look at: {trace.blame.why}."),
                    _why(trace) if by_link else None,
                    cls="td-strip",
                )
            )
        step_view(step, st.query_params.get("find", ""), trace.marks.get(chosen, ()))
        with st.container(key="step_actions", horizontal=True, gap="small", vertical_alignment="center"):
            copy_link(traces.permalink(run_id, chosen), key=f"copy_step_{run_id}_{chosen}", label="Copy link to this step")
            fork_button(user, trace, chosen)
        fork_form(user, trace, step)


def _others(trace: Trace) -> None:
    others = [row for row in trace.others if row.id != trace.row.id]
    if others:
        lines = [
            [
                screen.run_link(row.id, f"Fork {run_words.number(row.id)}" if row.forked else trace_words.cause(row.cause)),
                trace_words.outcome(row.outcome, row.status),
                run_words.took(row.seconds),
                words.ago(row.started_at),
                screen.link("Compare", f"{traces.permalink(trace.row.id)}&against={row.id}"),
            ]
            for row in others
        ]
        show(card(screen.report(["Run", "Outcome", "Took", "Started", ""], lines), title="Other runs of this ticket"))
