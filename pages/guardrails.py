"""Guardrails: what the rules say and did, a bench to try them, and what they hold back for people."""

from collections.abc import Callable

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import dossiers, guard_bench, office, screen, words
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.switches import switches
from pages.parts.table import Cell, Column, Line, table
from triage import administration, bench, ticket_view, work
from triage.accounts.access import Permission
from triage.guardrails import overview
from triage.guardrails.overview import BlockedRow, BudgetRow, QuarantineRow, RuleRow
from triage.models import BreakerState, User

_STAGES = {"input": "On the way in", "action": "What customers want done", "output": "On the way out", "any": "Always"}
_RULES = (
    Column("Rule", "wide"),
    Column("Fired", "right"),
    Column("Blocked", "right"),
    Column("Overruled", "right", "A person decided otherwise"),
    Column("", "short extra"),
)
_ACTIONS = (
    Column("Asked for", "wide"), Column("State", "short"), Column("Rule", "short extra"), Column("Sender", "short extra"), Column("Signatures", "right"),
    Column("Since", "right"),
)  # fmt: skip
_TONES = {"allow": "o", "flag": "w", "block": "b"}
_BREAKERS = {"closed": ("in use", "o"), "open": ("not asked for now", "b"), "half_open": ("being tried again", "w")}
_PAGE = 20


def main() -> None:
    with screen.page(
        "Guardrails", Permission.READ_MACHINERY, note="Decided by code, not by a model; when a guard cannot decide, it blocks."
    ) as user:
        blocked = office.read(lambda session: overview.blocked_actions(session))
        held = office.read(lambda session: overview.quarantined(session, limit=500))
        waiting = sum(row.action.status not in ("granted", "refused") for row in blocked)
        part = screen.chips("Part", "part", {
            "": "Rules", "bench": "Try a text", "blocked": f"Blocked actions ({waiting})", "limits": "Budgets and breakers", "quarantine": f"Quarantine ({len(held)})",
        })  # fmt: skip
        if part == "bench":
            guard_bench.bench(user)
        elif part == "blocked":
            _blocked(user, blocked)
        elif part == "limits":
            _limits()
        elif part == "quarantine":
            _quarantine(user, held)
        else:
            _rules(user)


# ---- rules ------------------------------------------------------------------------------------------------


def _rules(user: User) -> None:
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
            show(tag("div", "What you can turn", cls="td-h3"), mute("Everything else is always on."))
            switches(user, administration.RULE_SWITCHES)


def _rule(row: RuleRow) -> Line:
    return Line(row.name, (
        Cell(row.rule.title, sub=row.rule.text, strong=True),
        Cell(_number(row.fired), tone="" if row.fired else "m"),
        Cell(_number(row.blocked), tone="b" if row.blocked else "m"),
        Cell(_number(row.overruled), tone="" if row.overruled else "m"),
        Cell(chips=[("always on", "")] if row.rule.fixed else [("adjustable", "a")]),
    ), label=f"{row.rule.title}, fired {row.fired} times")  # fmt: skip


def _number(count: int) -> str:
    return f"{count:,}" if count else "–"


def _firings(user: User, name: str) -> None:
    found = office.read(lambda session: bench.firings(session, user, name))
    title = overview.RULES[name].title if name in overview.RULES else words.label(name)
    with st.container(key="box_firings"):
        items = [
            tag("div", chip(firing.verdict, _TONES.get(firing.verdict, "")), screen.ticket_link(firing.ticket_id, f"#{firing.ticket_id} {firing.subject}"),
                " ", chip("overruled", "a") if firing.overruled else None, tag("div", mute(firing.why or "no reason recorded", " · ", words.ago(firing.at))), cls="td-item")
            for firing in found
        ]  # fmt: skip
        show(tag("div", f"{title}: lately", cls="td-h3"), *items or [mute("It has not spoken yet.")])
        st.button("Close", key="close_rule", on_click=lambda: screen.go(rule=None))


# ---- blocked actions --------------------------------------------------------------------------------------


def _blocked(user: User, rows: list[BlockedRow]) -> None:
    if not rows:
        screen.empty(
            "No blocked actions",
            "When a customer asks for money, a deletion or the like, the wish is laid down here for two people to decide.",
        )
        return
    show(
        mute(
            "What customers want done that code refuses to do. Two different managers agree before it counts; people then carry it out in your own systems."
        )
    )
    chosen = st.query_params.get("action")
    left, right = st.columns([1.7, 1], gap="medium") if chosen else (st.container(), None)
    with left:
        opened = table(_ACTIONS, [_action(row) for row in rows], key="actions", label="Blocked actions", selected=chosen)
        if opened:
            screen.go(action=opened)
            st.rerun()
    if right is not None:
        with right:
            _dossier(user, rows, chosen or "")


def _action(row: BlockedRow) -> Line:
    action = row.action
    about = " ".join(
        part
        for part in (
            words.label(action.action),
            action.amount and f"of {action.amount}",
            action.target and f"for {action.target}",
        )
        if part
    )
    state, tone = {"granted": ("granted", "o"), "refused": ("refused", ""), "signed once": ("one signature", "w")}.get(
        action.status, ("waits", "b")
    )
    return Line(str(action.id), (
        Cell(about, sub=f"#{action.ticket_id} {row.subject}", strong=True),
        Cell(chips=[(state, tone)], sort=state),
        Cell(action.rule),
        Cell(words.IDENTITY.get(action.identity, action.identity)),
        Cell(f"{row.granted} of 2", sort=float(row.granted)),
        Cell(words.age(action.created_at), title=words.clock(action.created_at), tone="m", sort=-action.created_at.timestamp()),
    ))  # fmt: skip


def _dossier(user: User, rows: list[BlockedRow], chosen: str) -> None:
    row = next((row for row in rows if str(row.action.id) == chosen), None)
    if row is None:
        screen.empty("This dossier is gone", "Choose another one on the left.")
        return
    view = office.read(lambda session: ticket_view.load(session, row.action.ticket_id))
    show(mute("The ticket: ", screen.ticket_link(row.action.ticket_id, f"#{row.action.ticket_id} {row.subject}")))
    dossiers.blocked_actions(view, user)


# ---- budgets, breakers ------------------------------------------------------------------------------------


def _limits() -> None:
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


# ---- quarantine -------------------------------------------------------------------------------------------


def _quarantine(user: User, rows: list[QuarantineRow]) -> None:
    if not rows:
        screen.empty("Quarantine is empty", "Spam, automatic replies, loops and unreadable messages would wait here.")
        return
    show(mute("Set aside before the agents saw it. The original is kept either way."))
    start = (screen.page_number() - 1) * _PAGE
    for row in rows[start : start + _PAGE]:
        _held(user, row)
    screen.pager(len(rows), _PAGE)


def _held(user: User, row: QuarantineRow) -> None:
    with st.container(key=f"box_held_{row.ticket_id}", horizontal=True, vertical_alignment="center", wrap=False):
        title = tag(
            "div",
            tag("b", screen.ticket_link(row.ticket_id, row.subject or "(no subject)")),
            " ",
            chip(words.reason(row.reason), "w"),
        )
        show(
            tag(
                "div",
                title,
                mute(
                    " · ".join(part for part in (f"#{row.ticket_id}", row.sender, row.detail) if part),
                    " · ",
                    words.ago(row.since),
                ),
                cls="td-grow",
            )
        )
        st.button(
            "Let in",
            key=f"let_in_{row.ticket_id}",
            on_click=_let_in,
            args=(user, row.ticket_id),
            help="The agents take it up like a new ticket.",
        )
        st.button(
            "Dismiss",
            key=f"dismiss_{row.ticket_id}",
            on_click=_act,
            args=(lambda session, number=row.ticket_id: work.dismiss(session, user, number), "Dismissed."),
            help="Closes it; it counts in no metric.",
        )


def _let_in(user: User, ticket_id: int) -> None:
    enqueue = office.desk().enqueue
    _act(lambda session: work.let_in(session, user, enqueue, ticket_id), "Let in: the agents take it up.")


def _act(change: Callable[[Session], object], done: str) -> None:
    office.act(change, done)


main()
