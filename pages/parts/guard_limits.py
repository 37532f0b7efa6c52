"""Budgets: what was used of what may be used, what was cut off and what that saved; administrators set the limits."""

from itertools import groupby

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen
from pages.parts.markup import card, join, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.guardrails import limits as changing
from triage.guardrails import spending
from triage.guardrails.spending import LimitRow, ModelRow, ToolRow
from triage.learning.metrics import wording as figures
from triage.models import User


def limits(user: User) -> None:
    """The limits on the left, who used what on the right."""
    settings = office.desk().settings
    rows = office.read(lambda session: spending.limit_rows(session, settings))
    models, tools = office.read(lambda session: (spending.model_rows(session), spending.tool_rows(session)))
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        show(mute("A call that does not fit is not made, and the run goes on a step further down; 0 is no limit."))
        lines = [_line(list(same)) for _, same in groupby(rows, key=lambda row: row.limit.title)]
        show(card(screen.report(["Limit", "Used", "Refused in 30 days"], lines), title="Limits"))
    with right:
        if access.may(user, Permission.EDIT_MACHINERY):
            _edit(user, rows)
        show(card(_models(models), title="Models in the last 30 days"))
        if tools:
            show(card(_tools(tools), title="Connected tools in the last 30 days"))
        note = f"Beside these, a run takes at most {settings.run_seconds:,.0f} s and an agent {settings.turn_limit} turns."
        show(tag("div", mute(note), style="margin-top:8px"))


def _line(rows: list[LimitRow]) -> list[Markup]:
    """The limits of one user of tokens and money in one line."""
    cut = [row for row in rows if row.cut]
    return [
        _title(rows[0]),
        join(*[tag("div", _state(row)) for row in rows]),
        join(*[tag("div", _cut(row)) for row in cut or rows[:1]]),
    ]


def _title(row: LimitRow) -> Markup:
    past = f"Past it {row.limit.past}."
    return join(tag("b", row.limit.title), tag("div", mute(past)))


def _state(row: LimitRow) -> Markup:
    most = "no limit" if not row.value else f"of {_amount(row, row.value)}"
    own = tag("div", mute(f"set here; the machine's is {_amount(row, row.machine)}")) if row.changed else None
    if row.used is None:
        return join(mute(f"at most {_amount(row, row.value)}" if row.value else "no limit"), own)
    share = min(1.0, row.used / row.value) if row.value else 0.0
    tone = "b" if share >= 1 else "w" if share >= 0.8 else ""
    fill = tag("i", style=f"width:{share * 100:.1f}%")
    bar = (
        tag("div", fill, cls=f"td-meter {tone}".strip(), role="img", aria_label=f"{share:.0%} of {row.limit.title}")
        if row.value
        else None
    )
    return join(tag("b", _amount(row, row.used, unit=False)), mute(f" {most} · {row.who}"), bar, own)


def _cut(row: LimitRow) -> Markup:
    if not row.cut:
        return mute("nothing")
    saved = f"about ${row.saved_usd:,.2f} not spent" if row.saved_usd is not None else "price not known"
    return join(tag("b", f"{row.cut:,} calls"), tag("div", mute(saved)))


def _amount(row: LimitRow, value: float, *, unit: bool = True) -> str:
    if row.limit.unit == "usd":
        return f"${value:,.2f}"
    return f"{value:,.0f} {row.limit.unit}" if unit else f"{value:,.0f}"


def _models(rows: list[ModelRow]) -> Markup:
    if not rows:
        return mute("No model service was asked; the offline engine costs nothing.")
    lines = [[row.name, f"{row.calls:,}", f"{row.tokens:,}", f"${row.cost_usd:,.2f}"] for row in rows]
    return screen.report(["Model", "Calls", "Tokens", "Cost"], lines, numbers=(1, 2, 3))


def _tools(rows: list[ToolRow]) -> Markup:
    lines = [[row.name, f"{row.calls:,}", figures.money(row.cost_usd)] for row in rows]
    return screen.report(["Tool", "Calls", "Cost"], lines, numbers=(1, 2))


# ---- setting a limit --------------------------------------------------------------------------------------


def _edit(user: User, rows: list[LimitRow]) -> None:
    by_name = {row.name: row for row in rows}
    with st.container(key="box_limit"):
        show(tag("div", "Set a limit", cls="td-h3"), mute("Counts within seconds, in every process. 0 is no limit."))
        name = st.selectbox("Limit", list(by_name), format_func=lambda one: _label(by_name[one]), key="limit_name")
        row = by_name[name]
        step = 0.5 if row.limit.unit == "usd" else 1.0
        key = f"limit_value_{name}_{row.value}"
        st.number_input(
            f"At most ({'US dollars' if row.limit.unit == 'usd' else row.limit.unit})", min_value=0.0, value=float(row.value), step=step,
            format="%.2f" if row.limit.unit == "usd" else "%.0f", key=key,
        )  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            st.button("Set it", key="limit_set", type="primary", on_click=_set, args=(user, name, key))
            if row.changed:
                st.button("Back to the machine's", key="limit_reset", on_click=_set, args=(user, name, None))


def _label(row: LimitRow) -> str:
    return f"{row.limit.title}: {'US dollars' if row.limit.unit == 'usd' else row.limit.unit}"


def _set(user: User, name: str, field: str | None) -> None:
    """Set a limit to what stands in its field now, or back to the machine's."""
    value = st.session_state[field] if field else None
    said = "The limit is set." if value is not None else "The machine's limit counts again."
    office.act(lambda session: changing.change(session, user, name, value), said)
