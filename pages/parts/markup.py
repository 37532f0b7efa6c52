"""HTML that is safe by construction: text is escaped the moment it enters, and only `tag` makes elements."""

import re

import streamlit as st
from markupsafe import Markup, escape

Child = str | Markup | None


def tag(name: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """One element. Plain text children are escaped; `cls` is the class, `data_x` becomes data-x, None and False are left out."""
    said = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    return Markup(f"<{name}{said}>{join(*children)}</{name}>")


def _attribute(name: str, value: str | int | bool) -> str:
    label = "class" if name == "cls" else name.rstrip("_").replace("_", "-")
    return f' {label}="{"" if value is True else escape(value)}"'


def plain(text: str) -> str:
    """Text for a widget's label, which Streamlit reads as Markdown: no marks, links, images or icons come out of it."""
    escaped = "".join(f"\\{c}" if c in "\\`*_[]<>#|~$:@!" else c for c in " ".join(text.split()))
    return escaped.replace("www.", "www\\.")


def join(*children: Child) -> Markup:
    """Children one after the other, text escaped."""
    return Markup("".join(escape(child) for child in children if child is not None))


def show(*children: Child) -> None:
    """Put elements on the page; nothing at all when they are empty."""
    html = join(*children)
    if html.strip():
        st.html(html)


def chip(text: str, tone: str = "", title: str = "") -> Markup:
    """A small label; tones: "" quiet, "a" accent, "o" good, "w" warning, "b" bad."""
    return tag("span", text, cls=f"td-chip {tone}".strip(), title=title or None)


def card(*children: Child, tone: str = "", title: Child = None, **attributes: str | int | bool | None) -> Markup:
    """A quiet box with an optional heading."""
    heading = tag("h3", title) if title else None
    return tag("div", heading, *children, cls=f"td-card {tone}".strip(), **attributes)


def mute(*children: Child) -> Markup:
    return tag("span", *children, cls="td-mute")


def lit(html: Markup, found: str) -> Markup:
    """The same elements, with these words marked wherever their text says them; capitals do not matter."""
    if not (wanted := found.split()):
        return html
    pattern = re.compile("(" + r"\s+".join(map(re.escape, wanted)) + ")", re.IGNORECASE)
    parts = re.split(r"(<[^>]*>)", html)  # all text is escaped, so these are the elements themselves
    return Markup("".join(part if n % 2 else _lit_text(part, pattern) for n, part in enumerate(parts)))


def _lit_text(text: str, pattern: re.Pattern[str]) -> Markup:
    pieces = pattern.split(Markup(text).unescape())
    return join(*(tag("mark", piece, cls="td-found") if n % 2 else piece for n, piece in enumerate(pieces)))


def rows(pairs: list[tuple[str, Child]]) -> Markup:
    """A definition list; pairs without a value are left out."""
    return tag("dl", *[join(tag("dt", name), tag("dd", value)) for name, value in pairs if value], cls="td-rows")
