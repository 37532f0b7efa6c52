"""The field in which an article is written: what is typed reaches the desk while it is being typed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.parts.theme import asset
from triage.spoken import spoken

_TOOLS = (
    ("bold", "<b>B</b>", "Bold (Ctrl+B)"), ("italic", "<em>I</em>", "Italic (Ctrl+I)"), ("heading", "H", "Heading"), ("", "", ""),
    ("bullets", "• List", "List"), ("numbers", "1. Steps", "Numbered steps"), ("quote", "❝", "Quotation"), ("code", "&lt;&gt;", "Code"), ("", "", ""),
    ("link", "Link", "Link to an address (Ctrl+K)"), ("article", "[[ ]]", "Link to another article by its id"),
)  # fmt: skip
_BUTTONS = "".join(
    f'<button type="button" data-do="{do}" title="{title}" aria-label="{title}" tabindex="{-1 if number else 0}">{label}</button>'
    if do
    else "<i></i>"
    for number, (do, label, title) in enumerate(_TOOLS)
)
_HTML = f"""<div class="ed">
<label>Title<input name="title" class="title" maxlength="300" autocomplete="off"></label>
<div><div class="tools" role="toolbar" aria-label="Formatting">{_BUTTONS}</div>
<textarea name="body" aria-label="Text (Markdown)" spellcheck="true"></textarea></div>
<label>What did you change?<input name="note" maxlength="300" autocomplete="off" placeholder="For the list of versions"></label>
<div class="status"></div></div>"""

_component = st.components.v2.component("triage_editor", html=_HTML, css=asset("editor.css"), js=asset("editor.js"))


@dataclass(frozen=True)
class Typed:
    """What the browser sent: the fields, the version they started from, and a number that grows with every key."""

    title: str
    body: str
    note: str
    base: int
    seq: int


def editor(key: str, data: dict[str, Any], *, on_typed: Callable[[Typed], None], on_save: Callable[[], None]) -> None:
    """Draw the fields. `data` holds user, article, title, body, note, base, status, `load` (another one puts the texts
    into the fields), `follows` (the load that this one came of), `drop` (the person threw away what they typed before this
    load, so it goes even when it never arrived) and `acked` (the last number that is kept).
    """
    _component(
        key=key, data=data, on_fields_change=lambda: _hand_over(key, on_typed), on_save_change=lambda: _save(key, on_save),
    )  # fmt: skip


def _hand_over(key: str, on_typed: Callable[[Typed], None]) -> None:
    found = st.session_state[key].get("fields")
    if isinstance(found, dict):
        title, body, note = (spoken(str(found.get(name) or "")) for name in ("title", "body", "note"))
        on_typed(Typed(title, body, note, int(found.get("base") or 0), int(found.get("seq") or 0)))


def _save(key: str, on_save: Callable[[], None]) -> None:
    if st.session_state[key].get("save"):
        on_save()
