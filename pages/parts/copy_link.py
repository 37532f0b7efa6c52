"""A button that puts an address of the desk on the clipboard."""

import streamlit as st

from pages.parts.theme import asset

_component = st.components.v2.component(
    "triage_copy_link", html='<button class="cl" type="button"></button>', css=asset("copy_link.css"), js=asset("copy_link.js")
)


def copy_link(path: str, *, key: str, label: str = "Copy link") -> None:
    """`path` is below the desk's own address, which the browser knows best."""
    _component(key=key, data={"path": path, "label": label}, width="content")
