"""How the writer writes: rules that people made of their edits; suggested by anybody, decided by managers."""

from typing import Any

import streamlit as st
from sqlmodel import Session

from pages.parts import office, screen, words
from pages.parts.markup import chip, mute, show, tag
from triage import administration, rulebook
from triage.learning import styles
from triage.learning.styles import Waiting
from triage.models import User


def style(user: User) -> None:
    """Suggestions on the left, the rules that count on the right."""
    waiting, rules, turned = office.read(
        lambda session: (
            styles.waiting(session),
            rulebook.current(session)["style_rules"],
            administration.style_changes(session, user),
        )
    )
    left, right = st.columns(2, gap="medium")
    with left:
        show(tag("div", "Suggested", cls="td-h3"))
        for one in waiting:
            _suggestion(user, one)
        if not waiting:
            screen.empty("Nothing waits", "When somebody makes a style rule of an edit, it appears here.")
    with right:
        with st.container(key="box_style"):
            show(
                tag("div", "The writer follows", cls="td-h3"),
                mute("From its next draft on. A rule never changes a fact: those keep the words of their sources."),
            )
            for rule in rules:
                _rule(user, rule)
            if not rules:
                show(mute("No rules yet."))
            screen.cleared("style_new")
            st.text_input(
                "A rule of your own",
                key="style_new",
                max_chars=rulebook.LONGEST_STYLE,
                placeholder="Write “Hello” instead of “Hi”.",
            )
            st.button("Add the rule", key="style_add", on_click=_add, args=(user,))
        if turned:
            show(tag("div", "Lately", cls="td-h3"))
            for at, by, said in turned:
                show(tag("div", said, tag("div", mute(f"{by} · ", words.ago(at))), cls="td-item"))


def _suggestion(user: User, one: Waiting) -> None:
    number = one.suggestion.id or 0
    with st.container(key=f"box_style_{number}"):
        show(mute(f"{one.by} · ", words.ago(one.suggestion.created_at), _followed(one.suggestion.text)))
        key = f"style_text_{number}"
        st.text_area(
            "Rule", value=one.suggestion.text, key=key, height=68, max_chars=rulebook.LONGEST_STYLE, label_visibility="collapsed"
        )
        with st.container(horizontal=True):
            st.button("Make it a rule", key=f"style_yes_{number}", type="primary", on_click=_accept, args=(user, number, key))
            st.button(
                "Decline",
                key=f"style_no_{number}",
                on_click=office.act,
                args=(lambda session: styles.refuse(session, user, number), "Declined."),
            )


def _rule(user: User, rule: dict[str, Any]) -> None:
    text, on = str(rule["text"]), bool(rule.get("on"))
    with st.container(key=f"style_rule_{abs(hash(text))}", horizontal=True, vertical_alignment="center", wrap=False):
        show(tag("div", text, " ", None if on else chip("off", "w"), _followed(text), cls="td-grow"))
        st.button(
            "Switch off" if on else "Switch on", key=f"style_turn_{text}", on_click=office.act, args=(_turn(user, text, not on),)
        )
        st.button(
            "Take out",
            key=f"style_out_{text}",
            on_click=office.act,
            args=(lambda session: styles.remove(session, user, text), "Taken out."),
        )


def _turn(user: User, text: str, on: bool) -> Any:
    def turn(session: Session) -> None:
        styles.turn(session, user, text, on=on)

    return turn


def _followed(text: str) -> Any:
    """Says so when the offline engine writes and cannot follow a rule."""
    if styles.is_followed(text, office.desk().settings):
        return None
    return tag("div", mute("The offline engine cannot follow this one; a language model would."))


def _accept(user: User, number: int, key: str) -> None:
    text = str(st.session_state.get(key, ""))
    office.act(lambda session: styles.accept(session, user, number, text), "The writer follows it from now on.")


def _add(user: User) -> None:
    text = str(st.session_state.get("style_new", ""))
    if office.do(lambda session: styles.add(session, user, text)):
        screen.clear("style_new")
