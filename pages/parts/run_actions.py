"""What one can do with a run: go to the step that decided, copy its address, replay, compare, take it along, report its answer."""

from collections.abc import Callable

import streamlit as st

from pages.parts import difference, office, run_words, screen, state
from pages.parts.bad_answer import bad_answer
from pages.parts.copy_link import copy_link
from pages.parts.download import download
from pages.parts.markup import mute, show, tag
from triage import trace_words, traces
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import Divergence, InputError, TriageError
from triage.models import User
from triage.replay import for_people
from triage.traces import Trace


def actions(user: User, trace: Trace, to_step: Callable[[int], None]) -> None:
    """The buttons in one line, and below what a replay found."""
    run = trace.run
    why_not = office.read(lambda session: for_people.why_not(session, run))
    with st.container(key="run_actions", horizontal=True, gap="small", vertical_alignment="center"):
        if trace.blame:
            look = f"Open the step to look at: {trace.blame.why}"
            st.button("Deciding step", key="to_blame", type="primary", on_click=to_step, args=(trace.blame.ordinal,), help=look)
        replay_help = (
            why_not
            or "Feeds the recorded answers back through today’s code, articles and tools; nobody is asked, nothing is sent"
        )
        if st.button("Replay", key="replay", disabled=bool(why_not), help=replay_help):
            _replay(user, run.id)
        _compare(user, trace)
        copy_link(traces.permalink(run.id), key=f"copy_{run.id}")
        if access.may(user, Permission.READ_MACHINERY):
            download(
                "Export", lambda: _exported(user, run.id), f"run-{run_words.number(run.id)}.jsonl", "application/jsonl", key="export",
                disabled=bool(why_not),
                help=why_not or "The recording as a file that replays on another machine; it holds the customer’s words",
            )  # fmt: skip
        if run.forked_at is None:
            bad_answer(user, key=f"run_{run.id}", run_id=run.id)
    _replayed(run.id, to_step)


def _exported(user: User, run_id: str) -> bytes:
    return office.read(lambda session: for_people.exported(session, user, run_id))


# ---- replay -----------------------------------------------------------------------------------------------


def _replay(user: User, run_id: str) -> None:
    found: str | TriageError
    with st.spinner("Replaying…"):
        try:
            done = for_people.check(office.desk(), user, run_id)
            found = f"Identical, {len(done.steps)} steps: today’s code, articles and tools do what was recorded, to the byte."
        except TriageError as error:
            found = error
    state.put("replayed", (run_id, found))


def _replayed(run_id: str, to_step: Callable[[int], None]) -> None:
    of, found = state.get("replayed", ("", ""))
    if of != run_id:
        return
    if not isinstance(found, Divergence):
        show(tag("div", str(found), cls="td-strip o" if isinstance(found, str) else "td-strip b", role="status"))
        return
    with st.container(key="box_divergence"):
        what = f" ({found.what})" if found.what else ""
        said = f"Not identical: step {found.step + 1}{what} differs in {trace_words.field(found.field)}."
        show(tag("div", said, cls="td-strip b", role="status"))
        was, is_now = (trace_words.plain(value) for value in (found.recorded, found.now))
        show(tag("div", difference.side_by_side(was, is_now, "As recorded", "Now"), cls="td-sidesbox"))
        st.button("Open this step", key="to_divergence", on_click=to_step, args=(found.step,))


# ---- compare ----------------------------------------------------------------------------------------------


def _compare(user: User, trace: Trace) -> None:
    """The other runs of the ticket, forks among them, or any run by its number."""
    with st.popover("Compare", help="Hold this run against another one, step by step"):
        others = [row for row in trace.others if row.id != trace.row.id]
        for row in others[-8:]:
            name = f"Fork {run_words.number(row.id)}" if row.forked else trace_words.cause(row.cause)
            address = f"{traces.permalink(trace.run.id)}&against={row.id}"
            show(tag("div", screen.link(name, address), " ", mute(trace_words.outcome(row.outcome, row.status)), cls="td-item"))
        if not others:
            show(mute("This ticket has no other run."))
        with st.form("compare_with", border=False):
            number = st.text_input("Any other run, by its number", placeholder="such as 3f9c02d1", max_chars=64)
            if st.form_submit_button("Compare with it"):
                _against(user, trace.run.id, number.strip())


def _against(user: User, run_id: str, number: str) -> None:
    try:
        other = office.read(lambda session: traces.reachable(session, user, traces.whole_id(session, number))[0].id)
    except InputError:
        state.say("error", "No such run", "The number stands under a run’s sentences; its first characters will do.")
    except TriageError as error:
        state.say("error", "This run cannot be compared", str(error))
    else:
        screen.go(run=run_id, against=other)
    st.rerun()
