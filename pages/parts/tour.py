"""The tour of the review desk in three steps, and what a desk without tickets says to whom."""

import streamlit as st
from markupsafe import Markup

from pages.parts import keymap, office, state
from pages.parts.markup import card, join, mute, show, tag
from triage import first_steps
from triage.accounts import access
from triage.accounts.access import Permission
from triage.first_steps import FirstSteps
from triage.models import User


def _key(name: str) -> Markup:
    return tag("kbd", keymap.hint(name).replace("+", " "))


def _steps() -> list[tuple[str, str, Markup]]:
    """(what is lit, heading, words) of each step."""
    return [
        ("pane_queue", "What waits.", join(
            "The most pressing ticket is on top. ", _key("next"), " and ", _key("previous"), " go through the queue, ", _key("search"),
            " searches, and the words above the list choose what you see.")),
        ("pane_side", "What the draft rests on.", join(
            "The agents’ draft is below the customer’s words. Click a sentence and its source lights up here; what no source "
            "states is underlined and yours to answer for. ", _key("evidence"), " to ", _key("history"), " change the side.")),
        ("draft", "You decide.", join(
            _key("commit"), " sends and opens the next ticket, ", _key("edit"), " edits, ", _key("changes"), " asks the agents for changes, ",
            _key("reject"), " rejects. For some seconds ", _key("undo"), " takes a message back. ", _key("help"), " lists every key and ",
            _key("palette"), " finds every command.")),
    ]  # fmt: skip


def tour(user: User) -> None:
    """The step a person is at, until they finished or skipped it; it can be started again from the list of keys."""
    at = state.get("tour")
    if at is None and not first_steps.tour_is_due(user):
        return
    steps = _steps()
    number = min(int(at or 0), len(steps) - 1)
    lit, title, said = steps[number]
    last = number == len(steps) - 1
    show(Markup("<style>.st-key-{} {{ box-shadow: inset 0 0 0 2px var(--td-acc); border-radius: 10px; }}</style>").format(lit))
    with st.container(key="tour", horizontal=True):
        show(tag("div", tag("b", f"{number + 1} of {len(steps)}: {title} "), said, cls="td-tour", role="status"))
        if not last:
            st.button("Next step", key="td_tour_next", on_click=state.put, args=("tour", number + 1))
        st.button("Start working" if last else "Skip the tour", key="td_tour_end", on_click=_end, args=(user,))


def _end(user: User) -> None:
    if office.do(lambda session: first_steps.end_tour(session, user)):
        state.put("tour", None)


def greeting(user: User) -> bool:
    """On a desk that has no ticket yet: what to do first, with what is done already; whether it was shown."""
    done = office.read(lambda session: first_steps.first_steps(session, office.desk().settings))
    if done.tickets:
        return False
    if access.may(user, Permission.EDIT_MACHINERY):
        show(card(tag("ol", *_to_do(done), cls="td-first"), title="Welcome. This desk is empty; four steps make it yours"))
    else:
        said = "Nobody has written yet. What comes in appears here by itself; "
        show(card(mute(said, _link("/new_ticket", "write a ticket down"), " to try it."), title="A new desk", tone="quiet"))
    return True


def _to_do(done: FirstSteps) -> list[Markup]:
    steps = [
        (done.articles, "/knowledge?part=import", "Bring in your articles",
         "Replies stand on them and on nothing else. Markdown, HTML, PDF, Word, CSV, a zip of them, or an address."),
        (done.tickets, "/new_ticket", "Load your mails",
         "Drop .eml files or a mailbox (.mbox) there, run `triage process FOLDER`, or put files into the folder inbox of the desk’s home."),
        (done.people, "/settings?part=people", "Invite your colleagues", "Each gets a link by which they choose a password."),
        (done.mail and done.model, "/settings?part=machine", "Connect mail and a model",
         "Until then replies go to a mailbox folder, and the built-in engine writes the drafts."),
    ]  # fmt: skip
    return [
        tag("li", _link(href, title), tag("span", " done", cls="td-chip o") if is_done else None, tag("div", mute(said)))
        for is_done, href, title, said in steps
    ]


def _link(href: str, text: str) -> Markup:
    return tag("a", text, href=href, target="_self", cls="td-a")
