"""The action policy: what agents may use and prepare in which matter, as one text that administrators may overwrite."""

import streamlit as st

from pages.parts import office
from pages.parts.markup import mute, show, tag
from triage import matrix, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.connections import managing
from triage.guardrails.policy import PolicyFault, current
from triage.models import User


def policy(user: User) -> None:
    text, own = office.read(lambda session: (managing.policy_text(session, user), bool(workspace.get(session, "action_policy"))))
    editor = access.may(user, Permission.EDIT_MACHINERY)
    show(
        mute(
            "What is not named here is refused. Payments and deletions are refused before this is read, whatever it says. "
            + ("An administrator wrote this one." if own else "This is the one that comes with the desk.")
        )
    )
    in_force = current(text)
    if isinstance(in_force, PolicyFault):
        show(tag("div", tag("b", "Nothing may be prepared: "), in_force.why, cls="td-strip b", role="alert"))
    left, right = st.columns([2.1, 1], gap="medium")
    with left:
        shown = st.text_area("Action policy (YAML)", text, key="policy_text", height=520, disabled=not editor)
        if editor:
            with st.container(horizontal=True):
                save = st.button("Save policy", type="primary", key="policy_save")
                back = st.button("Use the shipped one", key="policy_back", disabled=not own)
            if save or back:
                if office.do(lambda session: managing.save_policy(session, user, shown if save else "")):
                    st.session_state.pop("policy_text", None)
                    office.toast("The policy counts from the next ticket on.")
                st.rerun()
    with right, st.container(key="box_matrix"):
        tried = office.read(lambda session: matrix.of_desk(session, office.desk().settings, office.desk().database))
        executed = matrix.carried_out(tried)
        show(
            tag("div", "Attacks against it", cls="td-h3"),
            tag("div", f"{len(executed)} of {len(tried):,} calls of a model lost to an attacker would be carried out.", cls=f"td-strip {'b' if executed else 'o'}"),
            *[tag("div", mute(f"{goal}: {said}"), cls="td-item") for goal, said in matrix.in_words(tried).items()],
        )  # fmt: skip
