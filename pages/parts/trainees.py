"""Who is a trainee: what they write waits for a colleague."""

import streamlit as st

from pages.parts import office, screen
from pages.parts.markup import mute, show, tag
from triage.drafts import own_replies
from triage.models import User


def trainees(user: User) -> None:
    """A switch for each staff member."""
    show(
        mute(
            "What a trainee writes is checked like an agents' draft and waits for a colleague, or for a manager where the matter is sensitive. They see what became of it."
        )
    )
    people = office.read(lambda session: own_replies.staff(session, user))
    if not people:
        screen.empty("No staff yet", "Trainees are staff members; managers and administrators decide what trainees write.")
    for person in people:
        with st.container(key=f"box_trainee_{person.id}", horizontal=True, vertical_alignment="center", wrap=False):
            show(tag("div", tag("b", person.name), tag("div", mute(person.email)), cls="td-grow"))
            key = f"trainee_{person.id}"
            st.session_state[key] = person.trainee
            st.toggle("Trainee", key=key, on_change=_turn, args=(user, person, key))


def _turn(user: User, person: User, key: str) -> None:
    wanted = bool(st.session_state[key])
    office.act(
        lambda session: own_replies.set_trainee(session, user, person.id or 0, wanted),
        f"{person.name} is {'a trainee now' if wanted else 'no trainee any more'}.",
    )
