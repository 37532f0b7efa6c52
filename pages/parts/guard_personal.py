"""Personal data before a model service is asked: the switch, and what a service would get."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen
from pages.parts.markup import card, join, mute, show, tag
from pages.parts.switches import switches
from triage import administration, covering
from triage.covering import Preview
from triage.errors import InputError
from triage.models import User


def personal(user: User) -> None:
    """The switch and a text on the left, what a service would get on the right."""
    left, right = st.columns(2, gap="medium")
    with left:
        with st.container(key="box_cover"):
            show(tag("div", "Placeholders for model services", cls="td-h3"))
            switches(user, administration.PERSONAL_SWITCHES)
            if not office.desk().settings.uses_service:
                show(mute("No model service is set: the offline engine runs on this machine and gets texts as they are."))
        with st.container(key="box_preview"):
            show(tag("div", "See what a service would get", cls="td-h3"))
            text, number, pressed = _asked()
    if pressed:
        _ask(user, text, number)
    with right:
        seen: Preview | str | None = st.session_state.get("cover_seen")
        if isinstance(seen, str):
            show(tag("div", seen, cls="td-strip w", role="alert"))
        elif seen is None:
            screen.empty("Try a text or a ticket", "You see each placeholder, what it stands for, and what is left as it is.")
        else:
            _seen(seen)


def _asked() -> tuple[str, str, bool]:
    text = st.text_area(
        "Text", key="cover_text", height=220, persist_state="session", placeholder="Paste a message. Nothing of it is stored."
    )
    number = st.text_input("Or a ticket's number", key="cover_ticket", placeholder="12")
    return text or "", (number or "").strip().removeprefix("#"), st.button("Show", type="primary", key="cover_go")


def _ask(user: User, text: str, number: str) -> None:
    """A ticket's number goes before a text."""
    try:
        if number.isdecimal():
            st.session_state["cover_seen"] = office.read(lambda session: covering.preview_ticket(session, user, int(number)))
        elif number:
            st.session_state["cover_seen"] = "A ticket's number is made of digits; look it up in the inbox."
        elif text.strip():
            st.session_state["cover_seen"] = covering.preview_text(user, text)
        else:
            st.session_state["cover_seen"] = "Paste a text or give a ticket's number first."
    except InputError as error:
        st.session_state["cover_seen"] = str(error)


def _seen(preview: Preview) -> None:
    text = join(*[tag("mark", piece) if placed else piece for piece, placed in preview.pieces])
    show(
        card(tag("div", text, cls="td-bench"), title="What a service gets"),
        tag("div", card(_kept(preview), title="What stays here"), style="margin-top:10px"),
    )


def _kept(preview: Preview) -> Markup:
    if not preview.kept:
        return mute("No personal data was found: the text goes as it is.")
    return screen.report(["Placeholder", "What it is", "Stands for"], [list(row) for row in preview.kept])
