"""The filters of the list of runs: all in the address, two lines on wide screens, folded on narrow ones."""

from datetime import timedelta

import streamlit as st

from pages.parts import office, screen
from triage import trace_words, traces
from triage.models import User, now
from triage.traces import RunFilter

_VIEWS = {"": "All runs", "running": "At work", "failed": "Failed", "degraded": "Fell back", "forks": "Forks"}
_DAYS = {"": "Any time", "1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days"}
_COSTS = {"": "Any cost", "0.01": "From $0.01", "0.05": "From $0.05", "0.25": "From $0.25", "1": "From $1"}
_TIMES = {"": "Any duration", "5": "From 5 s", "20": "From 20 s", "60": "From 1 min"}
_FOLDED = ("outcome", "days", "agent", "tool", "model", "prompt", "cost", "took", "error")


def filters(user: User) -> RunFilter:
    """Draw them; returns what they say."""
    offered = office.read(lambda session: traces.choices(session, user))
    with st.container(key="run_filters", horizontal=True, gap="small", vertical_alignment="center"):
        view = screen.chips("Which runs", "view", _VIEWS)
        words = screen.words_filter("Words inside", "words", "Words inside")
        customer = screen.words_filter("Customer", "customer", "Customer")
        ticket = screen.words_filter("Ticket", "ticket", "Ticket number").lstrip("#")
        _fold()
    with st.container(
        key="run_more_open" if st.session_state.get("td_more_filters") else "run_more", horizontal=True, gap="small"
    ):
        outcomes = {o: trace_words.outcome(o).capitalize() for o in offered["outcome"]}
        outcome = screen.choice("Outcome", "outcome", {"": "Any outcome"} | outcomes)
        days = screen.choice("When", "days", _DAYS)
        agent = screen.choice("Agent", "agent", {"": "Any agent"} | {a: a.capitalize() for a in offered["agent"]})
        tool = screen.choice(
            "Tool",
            "tool",
            {"": "Any tool"} | {t: trace_words.TOOLS.get(t, trace_words.step("retrieval", t)) for t in offered["tool"]},
        )
        model = screen.choice("Model", "model", {"": "Any model"} | {m: m for m in offered["model"]})
        prompt = screen.choice("Prompt version", "prompt", {"": "Any prompt"} | {p: _prompt(p) for p in offered["prompt"]})
        cost = screen.choice("Cost", "cost", _COSTS)
        took = screen.choice("Duration", "took", _TIMES)
        error = screen.choice("Error", "error", _errors())
    return RunFilter(
        status=view if view in traces.STATUSES else "", degraded=view == "degraded", forks="only" if view == "forks" else "",
        outcome=outcome, model=model, agent=agent, tool=tool, prompt=prompt, error=error, customer=customer, words=words,
        ticket=(int(ticket) if ticket.isdecimal() and len(ticket) < 10 else 0) if ticket else None,
        cost_from=float(cost or 0), seconds_from=float(took or 0), since=now() - timedelta(days=int(days)) if days else None,
    )  # fmt: skip


def _fold() -> None:
    """On narrow screens the second line opens on request; the style sheet hides the button on wide ones."""
    opened = bool(st.session_state.get("td_more_filters"))
    count = sum(bool(st.query_params.get(name)) for name in _FOLDED)
    label = "Fewer filters" if opened else f"More filters ({count} set)" if count else "More filters"
    st.button(label, key="more_filters", on_click=_turn, args=(not opened,))


def _turn(opened: bool) -> None:
    st.session_state["td_more_filters"] = opened


def _errors() -> dict[str, str]:
    """An address may name the words of an error; the list offers whether there is one."""
    given = st.query_params.get("error", "")[:60]
    return {"": "Errors or none", "any": "With an error"} | ({given: f"Error “{given}”"} if given not in ("", "any") else {})


def _prompt(name: str) -> str:
    role, _, version = name.partition(":")
    return f"{role.capitalize()} prompt {version}"
