"""The editor of rules that administrators write: cards of what there is, and a form for one more."""

from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen
from pages.parts.markup import chip, mute, show, tag
from triage import rulebook

_STAGES = {"input": "customers' messages", "output": "our drafts"}
_EFFECTS = {"flag": "flag: a manager decides", "escalate": "escalate: it goes to a person"}
_STATE = "own_rules_wanted"
_EMPTY = ("own_name", "own_phrases")


def editor(now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as they would be: those that count, with what was added and taken out here and not yet switched on."""
    wanted: list[dict[str, Any]] = st.session_state.setdefault(_STATE, [dict(rule) for rule in now])
    with st.container(key="box_own"):
        show(
            tag("div", rulebook.TITLES["own_rules"], cls="td-h3"),
            mute("Words and phrases; * stands for any letters within a word, ? for one letter."),
        )
        for number, rule in enumerate(wanted):
            with st.container(key=f"own_{number}", horizontal=True, vertical_alignment="center", wrap=False):
                show(_card(rule, new=rule not in now))
                st.button("Take out", key=f"own_out_{number}_{rule['name']}", on_click=_out, args=(number,))
        if gone := [rule["name"] for rule in now if rule["name"] not in {one["name"] for one in wanted}]:
            show(mute(f"Taken out: {', '.join(gone)}."))
        if wanted != now:
            st.button("Undo these edits", key="own_undo", on_click=forget)
        _form()
    return list(wanted)


def cards(rules: list[dict[str, Any]]) -> list[Markup]:
    """The rules to read."""
    return [_card(rule, new=False) for rule in rules] or [mute("None yet.")]


def forget() -> None:
    """Begin again from what counts."""
    st.session_state.pop(_STATE, None)


def _card(rule: dict[str, Any], *, new: bool) -> Markup:
    head = tag("div", tag("b", rule["name"]), " ", chip("not switched on", "w") if new else None)
    phrases = ", ".join(f"“{phrase}”" for phrase in rule["phrases"])
    return tag(
        "div",
        head,
        tag("div", mute(f"in {_STAGES[rule['stage']]} · {_EFFECTS[rule['effect']]}")),
        tag("div", phrases),
        cls="td-grow",
    )


def _form() -> None:
    screen.cleared(*_EMPTY)
    st.text_input("Name", key="own_name", max_chars=60, placeholder="Recall of the kettles")
    st.text_area("Words and phrases", key="own_phrases", height=70, placeholder="One a line, such as recall* or lead paint")
    left, right = st.columns(2)
    left.selectbox("Looks at", list(_STAGES), format_func=lambda one: _STAGES[one], key="own_stage")
    right.selectbox("Then", list(_EFFECTS), format_func=lambda one: _EFFECTS[one], key="own_effect")
    st.button("Add the rule", key="own_add", on_click=_add)


def _add() -> None:
    """Checked at once by the service, so that a rule that cannot be used says why while it is being written.

    Reads the fields as they are now: what was drawn last may lack the words typed just before the click.
    """
    fields = st.session_state
    rule = {
        "name": fields["own_name"], "stage": fields["own_stage"], "effect": fields["own_effect"],
        "phrases": fields["own_phrases"].splitlines(),
    }  # fmt: skip
    wanted = st.session_state.get(_STATE, [])
    checked = office.attempt(lambda _session: rulebook.checked({"own_rules": [*wanted, rule]}))
    if checked is not None:
        st.session_state[_STATE] = checked["own_rules"]
        screen.clear(*_EMPTY)


def _out(number: int) -> None:
    st.session_state[_STATE] = [rule for at, rule in enumerate(st.session_state.get(_STATE, [])) if at != number]
