"""The look: one style sheet over Streamlit's own, light and dark from the same tokens."""

from functools import cache
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
ICON = str(_HERE / "icon.png")


@cache
def asset(name: str) -> str:
    """A style sheet or script beside this file."""
    return (_HERE / name).read_text(encoding="utf-8")


def apply() -> None:
    """Put the style sheet on the page; called once a run, before anything else is drawn."""
    kind = "dark" if st.context.theme.type == "dark" else "light"
    st.html(f"<style>:root {{ color-scheme: {kind}; }}\n{asset('theme.css')}</style>")
