"""Breakers and steps down: which services are left alone, when that was so before, and what it cost or saved."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, mute, show, tag
from triage.guardrails import overview, spending
from triage.guardrails.spending import ModelRow, OpeningRow
from triage.llm.degradation import TITLES, Step
from triage.models import BreakerState, User

_STATES = {"closed": ("in use", "o"), "open": ("not asked for now", "b"), "half_open": ("being tried again", "w")}
_TONES = {Step.FULL: "", Step.CHEAPER: "", Step.OFFLINE: "w", Step.PERSON: "b"}


def breakers(_user: User) -> None:
    """Steps down above, states on the left, history on the right."""
    settings = office.desk().settings
    steps = office.read(spending.step_counts)
    show(tag("div", "How runs ended in the last 30 days", cls="td-h3"))
    screen.tiles([(f"{count:,}", TITLES[step], _TONES[step] if count else "") for step, count in steps.items()])
    show(
        mute(
            "A run goes down one step at a time: from the full crew to a cheaper model, to the offline engine, to a person. The ticket says which."
        )
    )
    left, right = st.columns([1, 1.5], gap="medium")
    with left:
        states = office.read(overview.breakers)
        items = [_state(state) for state in states]
        show(
            card(
                *items or [mute("All services answer, or none was asked yet. A breaker appears here with its first failure.")],
                title="Breakers",
            )
        )
        show(
            mute(
                f"After {settings.breaker_failures} failures in a row a service is left alone for {settings.breaker_seconds:,.0f} seconds; then one call tries it again."
            )
        )
        models = office.read(spending.model_rows)
        lines = [
            [row.name, f"{row.fallbacks:,}", _rate(row), mute(words.bars([point or 0.0 for point in row.points]))]
            for row in models
        ]
        said = (
            screen.report(["Model", "Others answered", "Share of calls", "Days"], lines, numbers=(1, 2))
            if lines
            else mute("No model was asked.")
        )
        show(tag("div", card(said, title="Fallback by model, 30 days"), style="margin-top:10px"))
    with right:
        found = office.read(spending.openings)
        body = (
            screen.report(["Service", "Open for", "Why", "Spared", "Saved"], [_opening(row) for row in found], numbers=(3, 4))
            if found
            else mute("No breaker has been open yet.")
        )
        show(card(body, title="When breakers were open"))


def _state(state: BreakerState) -> Markup:
    text, tone = _STATES.get(state.state, (state.state, ""))
    opened = words.plural(state.openings, "time")
    history = f"opened {opened} · last change {words.age(state.changed_at)} ago" if state.openings else "never opened"
    error = tag("div", mute(f"Last error: {state.last_error}")) if state.last_error else None
    return tag(
        "div",
        screen.dot(tone),
        tag("b", _name(state.name)),
        " ",
        chip(text, tone),
        tag("div", mute(history)),
        error,
        cls="td-item",
    )


def _opening(row: OpeningRow) -> list[Markup | str]:
    one = row.opening
    when = tag("div", mute(words.ago(one.opened_at)))
    probes = f"{words.plural(one.probes, 'probe')}, {one.instead:,} answered by others" + (
        f" for ${one.instead_usd:,.2f}" if one.instead_usd else ""
    )
    saved = f"${row.saved_usd:,.2f}" if row.saved_usd is not None else "–"
    lasted = "still open" if one.closed_at is None else _span(row.seconds)
    return [
        tag("div", tag("b", _name(one.name)), when), lasted, tag("div", one.why or "–", tag("div", mute(probes))), words.plural(one.spared, "call"), saved,
    ]  # fmt: skip


def _rate(row: ModelRow) -> Markup:
    rate = "–" if row.fallback_rate is None else f"{row.fallback_rate:.1%}"
    worst = max((point for point in row.points if point is not None), default=0.0)
    return tag("span", rate, title=f"at most {worst:.0%} on one day")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def _name(name: str) -> str:
    return f"tool {name.removeprefix('tool:')}" if name.startswith("tool:") else name
