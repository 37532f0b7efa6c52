"""Word that an answer is bad, in one small control: a reason, a word more if one likes; the team is told."""

import streamlit as st

from pages.parts import office, screen, state
from triage.learning import bad_answers
from triage.learning.bad_answers import REASONS
from triage.models import User

LABEL = "Report a bad answer"


def bad_answer(user: User, *, key: str, ticket_id: int | None = None, run_id: str = "") -> None:
    """A run's answer, or the newest draft of a ticket."""
    if text := state.take("toast"):
        office.toast(str(text))
    reason, comment = f"bad_reason_{key}", f"bad_comment_{key}"
    with st.popover(LABEL, help="Tells the team why, and keeps it until somebody has mended it", type="tertiary"):
        screen.cleared(comment)
        st.radio("What is wrong with it?", list(REASONS), format_func=lambda one: REASONS[one], key=reason)
        st.text_input("A word more, if you like", key=comment, max_chars=500)
        st.button("Report it", key=f"bad_send_{key}", type="primary", on_click=_report, args=(user, key, ticket_id, run_id))


def _report(user: User, key: str, ticket_id: int | None, run_id: str) -> None:
    """What is chosen and typed is read now: arguments of a button are those of the last drawing."""
    reason, comment = str(st.session_state[f"bad_reason_{key}"]), str(st.session_state.get(f"bad_comment_{key}") or "")
    made = office.attempt(
        lambda session: bad_answers.report(session, user, reason, ticket_id=ticket_id, run_id=run_id, comment=comment)
    )
    if made is not None:
        screen.clear(f"bad_comment_{key}")
        state.put("toast", "Reported; the team is told.")  # a fragment's callback may not draw
