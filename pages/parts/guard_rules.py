"""The rules in plain words with what they did lately, and what can be turned."""

import streamlit as st

from pages.parts import office, screen, words
from pages.parts.markup import chip, mute, show, tag
from pages.parts.switches import switches
from pages.parts.table import Cell, Column, Line, table
from triage import administration, bench
from triage.guardrails import overview
from triage.guardrails.overview import RuleRow
from triage.models import User

_STAGES = {"input": "On the way in", "action": "What customers want done", "output": "On the way out", "any": "Always"}
_RULES = (
    Column("Rule", "wide"),
    Column("Fired", "right"),
    Column("Blocked", "right"),
    Column("Overruled", "right", "A person let it in, or sent it word for word"),
    Column("Days", "short extra", "How often it fired on each of the last 30 days"),
    Column("", "short extra"),
)
_TONES = {"allow": "o", "flag": "w", "block": "b"}


def rules(user: User) -> None:
    rows = office.read(lambda session: overview.rules(session))
    left, right = st.columns([2.1, 1], gap="medium")
    with left:
        show(mute("How often each rule spoke in the last 30 days. Open a rule to see when."))
        for stage, title in _STAGES.items():
            found = [row for row in rows if row.rule.stage == stage]
            if found:
                show(tag("div", title, cls="td-h3"))
                opened = table(
                    _RULES,
                    [_rule(row) for row in found],
                    key=f"rules_{stage}",
                    label=title,
                    selected=st.query_params.get("rule"),
                    sorts=False,
                )
                if opened:
                    screen.go(rule=opened)
                    st.rerun()
    with right:
        if name := st.query_params.get("rule"):
            _firings(user, name)
        with st.container(key="box_switches"):
            change = screen.link("Change a rule", "?part=change")
            show(
                tag("div", "What you can turn", cls="td-h3"),
                mute("Words, hosts and thresholds: ", change, ". Everything else is always on."),
            )
            switches(user, administration.RULE_SWITCHES)


def _rule(row: RuleRow) -> Line:
    return Line(row.name, (
        Cell(row.rule.title, sub=row.rule.text, strong=True),
        Cell(_number(row.fired), tone="" if row.fired else "m"),
        Cell(_number(row.blocked), tone="b" if row.blocked else "m"),
        Cell(_number(row.overruled), tone="" if row.overruled else "m"),
        Cell(words.bars(row.days), tone="m", title=f"at most {max(row.days, default=0)} a day", sort=float(row.fired)),
        Cell(chips=[("always on", "")] if row.rule.fixed else [("adjustable", "a")]),
    ), label=f"{row.rule.title}, fired {row.fired} times")  # fmt: skip


def _number(count: int) -> str:
    return f"{count:,}" if count else "–"


def _firings(user: User, name: str) -> None:
    found = office.read(lambda session: bench.firings(session, user, name))
    title = overview.title(name)
    with st.container(key="box_firings"):
        items = [
            tag("div", chip(firing.verdict, _TONES.get(firing.verdict, "")), screen.ticket_link(firing.ticket_id, f"#{firing.ticket_id} {firing.subject}"),
                " ", chip("overruled", "a") if firing.overruled else None, tag("div", mute(firing.why or "no reason recorded", " · ", words.ago(firing.at))), cls="td-item")
            for firing in found
        ]  # fmt: skip
        show(tag("div", f"{title}: lately", cls="td-h3"), *items or [mute("It has not spoken yet.")])
        st.button("Close", key="close_rule", on_click=lambda: screen.go(rule=None))
