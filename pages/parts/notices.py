"""What stands above a ticket for a moment: answers of the desk, and messages that can still be taken back."""

from datetime import UTC, timedelta

import streamlit as st
from sqlmodel import Session, col, select

from pages.parts import office, state
from pages.parts.keymap import hint
from pages.parts.markup import join, mute, show, tag
from triage import approval
from triage.models import Outbox, Ticket, User, now

_SHOWN = 3
_LINGER = timedelta(seconds=5)
_AGAIN = timedelta(seconds=3)


def told() -> None:
    """What the desk answered to the last step, once."""
    if text := state.take("toast"):
        office.toast(str(text))
    if said := _said():
        tone = {"info": "i", "warning": "w", "error": "b"}[said.kind]
        show(tag("div", tag("b", said.title), ". " if said.text else "", said.text, cls=f"td-strip {tone}", role="alert"))


def _said() -> state.Said | None:
    """What there is to say. Leaving a field draws the page once more right after a press: what was said then is said again."""
    here = st.query_params.get("ticket")
    if said := state.said():
        state.put("just_said", (said, here, now()))
        return said
    last = state.get("just_said")
    return last[0] if last and last[1] == here and now() - last[2] < _AGAIN else None


@st.fragment(run_every="2s")
def undo_bar(user: User) -> None:
    """Messages this tab approved: on their way, taken back by themselves, or sent."""
    rows = office.read(lambda session: _rows(session, state.sent()))
    alive = [row for row in rows if not _over(row[0])]
    state.put("sent", [outbox.decision_id for outbox, _ in alive])
    shown = alive[-_SHOWN:]
    for number, (outbox, subject) in enumerate(shown):
        with st.container(key=f"undo_{outbox.decision_id}", horizontal=True):
            held = outbox.status == "held" and not outbox.error
            _tell(outbox, subject)
            if held:
                last = number == len(shown) - 1
                st.button(
                    "Undo",
                    key=f"td_undo_{outbox.decision_id}",
                    shortcut=hint("undo") if last else None,
                    on_click=_undo,
                    args=(user, outbox.decision_id, outbox.ticket_id),
                )
    if state.get("undone"):
        state.put("undone", False)
        st.rerun()


def _tell(outbox: Outbox, subject: str) -> None:
    link = mute(f"#{outbox.ticket_id} {subject}")
    if outbox.status == "held":
        window = timedelta(seconds=office.desk().settings.undo_seconds)
        deadline = max(outbox.send_after, outbox.created_at + window)
        left = max(0, round((deadline - now()).total_seconds()))
        when = tag("span", f"in {left} s" if left else "now", data_deadline=deadline.astimezone(UTC).isoformat())
        text = join(tag("b", "Sending "), when, f" to {outbox.recipient} ", link)
    elif outbox.status in ("sending", "sent"):
        text = join(tag("b", "Sent "), f"to {outbox.recipient} ", link)
    elif outbox.status == "cancelled":
        text = join(tag("b", "Not sent. "), "It waits for a decision again. ", link)
    else:
        text = join(tag("b", "Not sent. "), outbox.error or "", " ", link)
    show(tag("div", text, cls="td-sending", role="status"))


def _rows(session: Session, decisions: list[int]) -> list[tuple[Outbox, str]]:
    if not decisions:
        return []
    found = session.exec(
        select(Outbox, Ticket.subject)
        .join(Ticket, col(Ticket.id) == Outbox.ticket_id)
        .where(col(Outbox.decision_id).in_(decisions))
        .order_by(col(Outbox.id))
    ).all()
    return [(outbox, subject) for outbox, subject in found]


def _over(outbox: Outbox) -> bool:
    """Whether there is nothing more to tell about a message."""
    done = outbox.sent_at or (outbox.created_at + timedelta(seconds=office.desk().settings.undo_seconds))
    return outbox.status in ("sent", "cancelled", "failed", "uncertain") and now() > done + _LINGER


def _undo(user: User, decision_id: int, ticket_id: int) -> None:
    if office.attempt(lambda session: approval.undo(session, user, decision_id)) is not None:
        state.put("toast", "Taken back; nothing was sent.")  # shown with the next draw: a fragment's callback may not draw
        state.sent().remove(decision_id)
        st.query_params["ticket"] = str(ticket_id)
    state.put("undone", True)
