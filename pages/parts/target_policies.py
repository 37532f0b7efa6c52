"""The policies of a plan as fields: for whom, which clock, a table of times; and what happens by the clock."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import office
from pages.parts.markup import mute, show, tag
from triage import teams
from triage.errors import InputError
from triage.models import Priority
from triage.sla import editing
from triage.sla.plan import CLOCK_NAMES, KINDS, minutes_of, written

_COLUMNS = {"first_reply": "First reply", "next_reply": "Next reply", "resolve": "Solution", "approval": "Waiting draft"}
_CLOCKS = {"any": "any target"} | CLOCK_NAMES
_AT = {"warning": "a target is near", "breach": "a target has passed"}
_DO = {"tell": "tell", "hand": "hand the ticket to", "raise_priority": "raise the priority"}


def policies(kept: dict[str, Any], editor: bool) -> dict[str, Any]:
    """Fields for every policy; returns what they hold. Raises InputError for a time that cannot be read."""
    show(
        tag("h2", "Targets", cls="td-h3"),
        mute(
            "The first policy that fits a ticket counts; the last one is for everybody else. Times are read as 45 min, 8 h or 1:30 h."
        ),
    )
    known = office.read(editing.tiers)
    groups = office.read(teams.names)
    found = [_policy(kept, number, known, groups, editor) for number in range(len(kept["plan"]["policies"]))]
    if editor:
        st.button("Add a policy", key=f"policy_add_{kept['turn']}", on_click=_add, args=(kept,))
    return {"policies": found}


def _policy(kept: dict[str, Any], number: int, known: list[str], groups: list[str], editor: bool) -> dict[str, Any]:
    policy, key = kept["plan"]["policies"][number], f"{kept['turn']}_{number}"
    last = number == len(kept["plan"]["policies"]) - 1
    with st.container(key=f"box_policy_{key}"):
        first, second = st.columns([1.2, 1], gap="small")
        name = first.text_input("Policy", policy["name"], key=f"policy_name_{key}", max_chars=60, disabled=not editor)
        clock = second.selectbox(
            "Counts", ["business", "always"], index=int(policy["clock"] == "always"), key=f"policy_clock_{key}", disabled=not editor,
            format_func=lambda value: "business hours" if value == "business" else "every hour",
        )  # fmt: skip
        tiers, chosen = [], []
        if not last:
            first, second = st.columns(2, gap="small")
            options = sorted({*known, *policy["tiers"]})
            tiers = first.multiselect(
                "Customers of tier",
                options,
                policy["tiers"],
                key=f"policy_tiers_{key}",
                placeholder="All customers",
                disabled=not editor,
            )
            options = sorted({*groups, *policy["groups"]})
            chosen = second.multiselect(
                "Tickets of group",
                options,
                policy["groups"],
                key=f"policy_groups_{key}",
                placeholder="All groups",
                disabled=not editor,
            )
        targets = _table(policy["targets"], key, editor)
        if editor and not last:
            with st.container(horizontal=True):
                st.button(
                    "Earlier", key=f"policy_up_{key}", type="tertiary", disabled=number == 0, on_click=_move, args=(kept, number)
                )
                st.button("Remove", key=f"policy_off_{key}", type="tertiary", on_click=_remove, args=(kept, number))
    return {"name": name, "tiers": tiers, "groups": chosen, "clock": clock, "targets": targets}


def _table(targets: dict[str, Any], key: str, editor: bool) -> dict[str, dict[str, int | None]]:
    """Priorities down, steps across; empty is no target."""
    order = [priority.value for priority in reversed(Priority)]
    found: dict[str, dict[str, int | None]] = {}
    head = st.columns([0.8, 1, 1, 1, 1], gap="small")
    for place, title in zip(head[1:], _COLUMNS.values(), strict=True):
        with place:
            show(mute(title))
    for priority in order:
        line = st.columns([0.8, 1, 1, 1, 1], gap="small", vertical_alignment="center")
        with line[0]:
            show(tag("b", priority))
        given = targets.get(priority, {})
        found[priority] = {
            kind: _time(place, kind, priority, given.get(kind), key, editor) for place, kind in zip(line[1:], KINDS, strict=True)
        }
    return found


def _time(place: Any, kind: str, priority: str, minutes: int | None, key: str, editor: bool) -> int | None:
    text = place.text_input(
        f"{_COLUMNS[kind]}, {priority}", written(minutes) if minutes else "", key=f"time_{key}_{priority}_{kind}", placeholder="none",
        label_visibility="collapsed", disabled=not editor,
    )  # fmt: skip
    try:
        return minutes_of(text or "")
    except InputError as error:
        raise InputError(f"{_COLUMNS[kind]}, {priority}: {error}") from error


def steps(kept: dict[str, Any], editor: bool) -> dict[str, Any]:
    """Warning, pauses, and what follows by the clock."""
    plan, turn = kept["plan"], kept["turn"]
    with st.container(key=f"box_steps_{turn}"):
        show(tag("h2", "By the clock", cls="td-h3"))
        warn = st.slider(
            "Warn at this share of a target, in percent", 10, 95, plan["warn"], 5, key=f"warn_{turn}", disabled=not editor
        )
        waiting = st.checkbox(
            "The clocks stand still while the customer is waited for",
            plan["pause_waiting"],
            key=f"pause_waiting_{turn}",
            disabled=not editor,
        )
        incident = st.checkbox(
            "They stand still while a confirmed incident holds the ticket",
            plan["pause_incident"],
            key=f"pause_incident_{turn}",
            disabled=not editor,
        )
        found = [_step(kept, number, editor) for number in range(len(plan["steps"]))]
        if editor:
            st.button("Add a step", key=f"step_add_{turn}", on_click=_add_step, args=(kept,))
    return {"warn": warn, "pause_waiting": waiting, "pause_incident": incident, "steps": found}


def _step(kept: dict[str, Any], number: int, editor: bool) -> dict[str, Any]:
    step, key = kept["plan"]["steps"][number], f"{kept['turn']}_{number}"
    places = st.columns([1.1, 1.1, 1.2, 1, 0.6], gap="small", vertical_alignment="bottom")

    def chosen(place: int, label: str, field: str, words: Mapping[str, str]) -> str:
        return places[place].selectbox(
            label, list(words), index=list(words).index(step[field]), format_func=words.__getitem__, key=f"step_{field}_{key}",
            disabled=not editor,
        )  # fmt: skip

    at, clock, do = chosen(0, "When", "at", _AT), chosen(1, "of", "clock", _CLOCKS), chosen(2, "then", "do", _DO)
    to = ""
    if do != "raise_priority":
        groups = ["", *sorted({*office.read(teams.names), *([step["to"]] if step["to"] else [])})]
        to = places[3].selectbox(
            "whom",
            groups,
            index=groups.index(step["to"]),
            format_func=lambda v: v or "the managers",
            key=f"step_to_{key}",
            disabled=not editor,
        )
    if editor:
        places[4].button("Remove", key=f"step_off_{key}", type="tertiary", on_click=_remove_step, args=(kept, number))
    return {"at": at, "clock": clock, "do": do, "to": to}


# ---- changes of the shape: what the fields hold is taken along --------------------------------------------------


def _anew(kept: dict[str, Any]) -> dict[str, Any]:
    """The plan as the fields hold it, to be drawn with fields of new names."""
    turn, plan = kept["turn"], kept["plan"]
    get = st.session_state.get
    for number, policy in enumerate(plan["policies"]):
        key = f"{turn}_{number}"
        policy["name"] = get(f"policy_name_{key}", policy["name"])
        policy["clock"] = get(f"policy_clock_{key}", policy["clock"])
        policy["tiers"] = list(get(f"policy_tiers_{key}", policy["tiers"]))
        policy["groups"] = list(get(f"policy_groups_{key}", policy["groups"]))
        for priority in Priority:
            given = policy["targets"].setdefault(priority.value, {})
            for kind in KINDS:
                text = get(f"time_{key}_{priority.value}_{kind}")
                if text is not None:
                    try:
                        given[kind] = minutes_of(text)
                    except InputError:
                        given[kind] = None
    for number, step in enumerate(plan["steps"]):
        for name in ("at", "clock", "do", "to"):
            step[name] = get(f"step_{name}_{turn}_{number}", step[name])
    for name in ("warn", "pause_waiting", "pause_incident"):
        plan[name] = get(f"{name}_{turn}", plan[name])
    st.session_state["td_plan_turn"] = kept["turn"] = turn + 1
    return plan  # type: ignore[no-any-return]


def _add(kept: dict[str, Any]) -> None:
    plan = _anew(kept)
    last = plan["policies"][-1]
    names = {policy["name"] for policy in plan["policies"]}
    name = next(f"Policy {number}" for number in range(1, 100) if f"Policy {number}" not in names)
    plan["policies"].insert(
        0, {**last, "name": name, "targets": {priority: dict(each) for priority, each in last["targets"].items()}}
    )


def _remove(kept: dict[str, Any], number: int) -> None:
    _anew(kept)["policies"].pop(number)


def _move(kept: dict[str, Any], number: int) -> None:
    found = _anew(kept)["policies"]
    found[number - 1], found[number] = found[number], found[number - 1]


def _add_step(kept: dict[str, Any]) -> None:
    _anew(kept)["steps"].append({"clock": "any", "at": "breach", "do": "tell", "to": ""})


def _remove_step(kept: dict[str, Any], number: int) -> None:
    _anew(kept)["steps"].pop(number)
