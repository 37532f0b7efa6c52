"""Targets and business hours: edit, see which promises of the last days would have been kept, and only then switch on."""

from typing import Any

import streamlit as st

from pages.parts import office, screen, target_hours, target_policies, words
from pages.parts.markup import chip, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import User
from triage.sla import editing, plan
from triage.sla.editing import Trial
from triage.sla.plan import CLOCK_NAMES, Plan


def targets(user: User) -> None:
    """What counts and the edits on the left; the trial, what it found and the versions on the right."""
    number, now = office.read(plan.current)
    editor = access.may(user, Permission.EDIT_TARGETS)
    kept = _draft(number, now)
    left, right = st.columns([1.5, 1], gap="medium")
    wanted: Plan | None = now
    with left:
        try:
            wanted = plan.read(
                {
                    **target_policies.policies(kept, editor),
                    **target_hours.hours(kept, editor),
                    **target_policies.steps(kept, editor),
                }
            )
        except InputError as error:
            wanted = None
            show(tag("div", tag("b", "This cannot be used yet. "), str(error), cls="td-strip b", role="alert"))
    with right:
        if editor:
            _try(user, number, now, wanted)
        _versions(user, editor)


def _draft(number: int, now: Plan) -> dict[str, Any]:
    """The plan as it is being edited in this tab, begun from the one that counts."""
    kept: dict[str, Any] | None = st.session_state.get("td_plan")
    if kept is None or kept["base"] != number:
        kept = {"base": number, "turn": st.session_state.get("td_plan_turn", 0) + 1, "plan": now.model_dump(mode="json")}
        st.session_state["td_plan"], st.session_state["td_plan_turn"] = kept, kept["turn"]
        st.session_state.pop("td_plan_trial", None)
    return kept


def _try(user: User, number: int, now: Plan, wanted: Plan | None) -> None:
    with st.container(key="box_target_try"):
        show(tag("h2", "Your change", cls="td-h3"))
        said = plan.differences(now, wanted) if wanted else []
        if not said:
            show(mute("Change something on the left; here you see what it would have meant for the last 30 days."))
            return
        show(tag("ul", *[tag("li", line) for line in said], cls="td-list plain"))
        if st.button("Try on the last 30 days", key="targets_try", type="primary") and wanted:
            with st.spinner("Holding the last 30 days against it…"):
                found = office.read(lambda session: editing.try_out(session, user, wanted))
            st.session_state["td_plan_trial"] = (wanted, found)
        tried = st.session_state.get("td_plan_trial")
        if tried and tried[0] == wanted:
            _result(tried[1])
            note = st.text_input("Why (kept with the version)", key="targets_note", max_chars=500)
            st.button("Switch on", key="targets_on", on_click=_switch_on, args=(user, number, wanted, note),
                      help="Counts from now on; due times of open tickets follow.")  # fmt: skip
        st.button("Start over", key="targets_reset", type="tertiary", on_click=_reset)


def _result(trial: Trial) -> None:
    lines = [
        [CLOCK_NAMES[kind].capitalize(), f"{kept.cases:,}", f"{kept.broken_now:,}", f"{kept.broken_then:,}"]
        for kind, kept in trial.kinds.items()
        if kept.cases
    ]
    if not lines:
        show(mute("Nothing of the last 30 days had or would have had a target."))
        return
    show(screen.report(["Promise", "Made", "Broken", "With your change"], lines, numbers=(1, 2, 3)))
    for case in trial.cases[:30]:
        text, tone = ("would be late", "b") if case.breaks else ("would be in time", "o")
        link = screen.ticket_link(case.ticket_id, f"#{case.ticket_id} {case.subject or '(no subject)'}")
        late = mute(f" {CLOCK_NAMES[case.kind]}, {words.span(case.late)} late")
        show(tag("div", chip(text, tone), " ", link, late, cls="td-item"))


def _switch_on(user: User, number: int, wanted: Plan, note: str) -> None:
    note = str(st.session_state.get("targets_note", note))
    desk = office.desk()
    if office.do(lambda session: editing.switch_on(session, user, desk.enqueue, wanted, base=number, note=note)):
        office.toast("The targets count from now on.")
        _reset()


def _reset() -> None:
    for key in ("td_plan", "td_plan_trial", "targets_note"):
        st.session_state.pop(key, None)


def _versions(user: User, editor: bool) -> None:
    found = office.read(lambda session: editing.versions(session, user))
    if not found:
        return
    with st.container(key="box_target_versions"):
        show(tag("h2", "Versions", cls="td-h3"))
        for place, one in enumerate(found):
            head = tag("div", tag("b", f"Version {one.row.number}"), " ", chip("counts now", "o") if place == 0 else None)
            by = " · ".join(part for part in (one.by, one.row.note) if part)
            show(
                tag(
                    "div",
                    head,
                    tag("div", " ".join(one.changes[:6])),
                    mute(by, " · " if by else "", words.ago(one.row.made_at)),
                    cls="td-item",
                )
            )
            if editor and place:
                st.button(
                    f"Back to version {one.row.number}",
                    key=f"targets_back_{one.row.number}",
                    on_click=_revert,
                    args=(user, one.row.number),
                )


def _revert(user: User, number: int) -> None:
    desk = office.desk()
    office.act(
        lambda session: editing.revert(session, user, desk.enqueue, number), f"The targets of version {number} count again."
    )
    _reset()
