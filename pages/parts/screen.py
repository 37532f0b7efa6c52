"""The frame of the pages beside the inbox: heading, messages, filters kept in the address, empty states, links."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st
from markupsafe import Markup

from pages.parts import identity, state
from pages.parts.markup import Child, chip, join, mute, show, tag
from pages.parts.theme import asset
from triage.accounts.access import Permission
from triage.models import User

INBOX = "/"
TRACES = "/traces"
KNOWLEDGE = "/knowledge"
BLAME = "deciding"


@contextmanager
def page(title: str, permission: Permission, *, note: str = "") -> Iterator[User]:
    """The page's frame: who is there (asked again on every rerun), its heading, and what there is to say."""
    st.html(f"<style>{asset('screen.css')}</style>")
    with st.container(key="page"):
        user = identity.require(permission)
        heading(title, note)
        messages()
        yield user


def heading(title: str, note: Child = "", *extra: Child) -> None:
    show(tag("div", tag("h1", title), mute(note) if note else None, *extra, cls="td-title"))


def messages() -> None:
    """What the last change had to say, once."""
    if said := state.said():
        {"error": st.error, "warning": st.warning}.get(said.kind, st.info)(f"{_plain(said.title)}. {_plain(said.text)}")


def clear(*keys: str) -> None:
    """Empty these fields on the next draw: what was typed there has been taken."""
    st.session_state["td_clear"] = keys


def cleared(*keys: str) -> None:
    """Called before these fields are drawn: empties those that `clear` named."""
    wanted = st.session_state.get("td_clear", ())
    for key in keys:
        if key in wanted:
            st.session_state[key] = ""
    st.session_state["td_clear"] = tuple(key for key in wanted if key not in keys)


def empty(title: str, text: str) -> None:
    """A place where nothing is yet, and what would bring something there."""
    show(tag("div", tag("h3", title), text, cls="td-card quiet"))


def _from_address(name: str, options: Mapping[str, str]) -> str:
    """The key of a filter, its value set to what the address says, else to the first option."""
    key, wanted = f"filter_{name}", st.query_params.get(name, "")
    st.session_state[key] = wanted if wanted in options else next(iter(options))
    return key


def choice(label: str, name: str, options: Mapping[str, str]) -> str:
    """A filter kept in the address under `name`; "" is no filter."""
    key = _from_address(name, options)
    st.selectbox(
        label,
        list(options),
        format_func=lambda value: options[value],
        key=key,
        on_change=_to_address(name, key),
        label_visibility="collapsed",
    )
    return str(st.session_state[key])


def words_filter(label: str, name: str, placeholder: str) -> str:
    """A text filter kept in the address under `name`."""
    key = f"filter_{name}"
    st.session_state[key] = st.query_params.get(name, "")[:200]
    st.text_input(label, key=key, placeholder=placeholder, on_change=_to_address(name, key), label_visibility="collapsed")
    return str(st.session_state[key]).strip()


def chips(label: str, name: str, options: Mapping[str, str]) -> str:
    """A filter of few values as pills, kept in the address."""
    key = _from_address(name, options)
    st.pills(
        label,
        list(options),
        format_func=lambda value: options[value],
        key=key,
        on_change=_to_address(name, key),
        label_visibility="collapsed",
        required=True,
    )
    return str(st.session_state[key] or next(iter(options)))


def pager(total: int, size: int) -> None:
    """Where in the list this is, with turns when there is more than one page; the number is in the address."""
    number, last = page_number(), max(1, -(-total // size))
    if last == 1:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Previous", key="pager_back", disabled=number <= 1, on_click=_turn, args=(number - 1,))
        show(mute(f"Page {number:,} of {last:,}"))
        st.button("Next", key="pager_next", disabled=number >= last, on_click=_turn, args=(number + 1,))


def page_number() -> int:
    given = st.query_params.get("page", "1")
    return int(given) if given.isdecimal() and 0 < int(given) < 1_000_000 else 1


def tiles(pairs: Sequence[tuple[str, str, str]]) -> None:
    """(number, what it is, tone) side by side."""
    show(
        tag(
            "div",
            *[tag("div", tag("div", number, cls=f"n {tone}".strip()), mute(what)) for number, what, tone in pairs],
            cls="td-tiles",
        )
    )


def report(columns: Sequence[str], lines: Sequence[Sequence[Child]], numbers: Sequence[int] = ()) -> Markup:
    """A plain table to read; `numbers` are the columns set flush right."""
    head = tag("tr", *[tag("th", column, cls="n" if n in numbers else None) for n, column in enumerate(columns)])
    body = [tag("tr", *[tag("td", cell, cls="n" if n in numbers else None) for n, cell in enumerate(line)]) for line in lines]
    return tag("table", tag("thead", head), tag("tbody", *body), cls="td-report")


def link(text: Child, address: str) -> Markup:
    return tag("a", text, href=address, target="_self", cls="td-a")


def ticket_link(ticket_id: int, text: str = "") -> Markup:
    """To the ticket in the inbox; shown among all tickets, so that it is found whatever its state."""
    return link(text or f"#{ticket_id}", f"{INBOX}?view=all&ticket={ticket_id}")


def run_link(run_id: str, text: str, step: str = "") -> Markup:
    """To a run in Traces; `step` is the one to open, `BLAME` the one that failed or decided."""
    return link(text, f"{TRACES}?run={run_id}{f'&step={step}' if step else ''}")


def go(**params: str | None) -> None:
    """Change the address of this page: a value sets, None removes."""
    for name, value in params.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def dot(tone: str) -> Markup:
    return tag("span", cls=f"td-dot {tone}", aria_hidden="true")


def tone_chips(pairs: Sequence[tuple[str, str]]) -> Markup:
    return join(*[chip(text, tone) for text, tone in pairs])


def _to_address(name: str, key: str) -> Callable[[], None]:
    def keep() -> None:
        value = st.session_state.get(key)
        go(**{name: str(value) if value else None, "page": None})

    return keep


def _turn(number: int) -> None:
    go(page=str(number) if number > 1 else None)


def _plain(text: str) -> str:
    """Words of people and models inside Streamlit's own Markdown, where nothing of them may act."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-!|<>$:~" else letter for letter in text.rstrip("."))
