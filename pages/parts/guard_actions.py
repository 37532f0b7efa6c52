"""Blocked actions: what customers want done that code refuses to do, and who signs."""

import streamlit as st

from pages.parts import dossiers, office, screen, words
from pages.parts.markup import mute, show
from pages.parts.table import Cell, Column, Line, table
from triage.guardrails import overview
from triage.guardrails.overview import BlockedRow
from triage.models import User
from triage.tickets import ticket_view

_ACTIONS = (
    Column("Asked for", "wide"), Column("State", "short"), Column("Rule", "short extra"), Column("Sender", "short extra"), Column("Signatures", "right"),
    Column("Since", "right"),
)  # fmt: skip


def blocked(user: User) -> None:
    rows = office.read(lambda session: overview.blocked_actions(session))
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
