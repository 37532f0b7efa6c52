"""Budgets and breakers: what was used of what may be used, and which models are left alone."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, join, mute, show, tag
from triage.guardrails import overview
from triage.guardrails.overview import BudgetRow
from triage.models import BreakerState, User

_BREAKERS = {"closed": ("in use", "o"), "open": ("not asked for now", "b"), "half_open": ("being tried again", "w")}


def limits(_user: User) -> None:
    settings = office.desk().settings
    spent = office.read(lambda session: overview.budgets(session, settings))
    states = office.read(overview.breakers)
    left, right = st.columns(2, gap="medium")
    with left:
        show(card(_desk_budget(spent[0]), title="Today, the whole desk (UTC day)"))
        lines = [[row.scope, f"{row.tokens:,}", f"${row.cost_usd:,.4f}"] for row in spent[1:]]
        body = (
            screen.report(["Model", "Tokens", "Cost"], lines, numbers=(1, 2))
            if lines
            else mute("No model service was asked today; the offline engine costs nothing.")
        )
        show(card(body, title="By model"))
        limit = f"{settings.ticket_token_limit:,} tokens, ${settings.ticket_cost_limit:,.2f}, {settings.turn_limit} turns an agent, {settings.run_seconds:,.0f} s"
        show(
            card(
                mute(f"{limit}. When a limit is reached, the ticket goes on with the offline engine and says so."),
                title="One run of one ticket may use",
            )
        )
    with right:
        items = [_breaker(state) for state in states]
        show(
            card(
                *items or [mute("All models answer, or none was asked yet. A breaker appears here with its first failure.")],
                title="Breakers",
            )
        )
        show(
            mute(
                f"After {settings.breaker_failures} failures in a row a model is left alone for {settings.breaker_seconds:,.0f} seconds; then one call tries it again."
            )
        )


def _desk_budget(row: BudgetRow) -> Markup:
    return join(
        _meter("tokens", f"{row.tokens:,}", f"{row.token_limit or 0:,}", row.tokens, row.token_limit),
        _meter("US dollars", f"${row.cost_usd:,.2f}", f"${row.cost_limit or 0:,.2f}", row.cost_usd, row.cost_limit),
    )


def _meter(what: str, used: str, limit: str, value: float, most: float | None) -> Markup:
    share = min(1.0, value / most) if most else 1.0
    tone = "b" if share >= 1 else "w" if share >= 0.8 else ""
    bar = tag(
        "div",
        tag("i", style=f"width:{share * 100:.1f}%"),
        cls=f"td-meter {tone}".strip(),
        role="img",
        aria_label=f"{share:.0%} of the day's {what}",
    )
    return tag("div", tag("b", used), mute(f" of {limit} {what if what == 'tokens' else ''}"), bar)


def _breaker(state: BreakerState) -> Markup:
    text, tone = _BREAKERS.get(state.state, (state.state, ""))
    history = (
        f"opened {words.plural(state.openings, 'time')} · last change {words.age(state.changed_at)} ago"
        if state.openings
        else "never opened"
    )
    error = tag("div", mute(f"Last error: {state.last_error}")) if state.last_error else None
    return tag(
        "div", screen.dot(tone), tag("b", state.name), " ", chip(text, tone), tag("div", mute(history)), error, cls="td-item"
    )
