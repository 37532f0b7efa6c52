"""Choosing a moment ahead: natural choices, or a day and a time, in the reader's own zone."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import streamlit as st

from pages.parts import words
from triage.models import now

OTHER = "A day and time…"
_MORNING, _EVENING = time(9), time(18)


def natural(start: datetime) -> dict[str, datetime]:
    """The choices people make most, from `start` (aware) by its own clock, the earliest first."""
    today = start.date()
    evening = datetime.combine(today, _EVENING, start.tzinfo)
    tomorrow = datetime.combine(today + timedelta(days=1), _MORNING, start.tzinfo)
    monday = datetime.combine(today + timedelta(days=7 - today.weekday()), _MORNING, start.tzinfo)
    found = {"In an hour": start + timedelta(hours=1), "In four hours": start + timedelta(hours=4)}
    if evening - start > timedelta(hours=1):
        found["This evening"] = evening
    found |= {"Tomorrow morning": tomorrow}
    if monday != tomorrow:
        found["Monday morning"] = monday
    return found | {"In a week": datetime.combine(today + timedelta(days=7), start.time(), start.tzinfo)}


def choose(label: str, key: str, *, default: str, more: Mapping[str, datetime] | None = None) -> None:
    """Draw the choices; `more` come before the natural ones."""
    options = {**(more or {}), **natural(now().astimezone(words.zone()))}
    st.session_state[f"{key}_options"] = options
    chosen = st.pills(label, [*options, OTHER], default=default, key=key)
    if chosen == OTHER:
        soon = now().astimezone(words.zone())
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.date_input(
                "Day", value=soon.date() + timedelta(days=1), min_value=soon.date(), key=f"{key}_day", format="YYYY-MM-DD"
            )
            st.time_input("Time", value=_MORNING, step=900, key=f"{key}_time")
    elif chosen in options:
        st.caption(f"{options[chosen]:%A, %-d %B, %H:%M}")


def chosen(key: str) -> datetime | None:
    """The moment that was chosen; None when there is none yet."""
    name = st.session_state.get(key)
    if name == OTHER:
        day, at = st.session_state.get(f"{key}_day"), st.session_state.get(f"{key}_time")
        return datetime.combine(day, at, words.zone()) if isinstance(day, date) and isinstance(at, time) else None
    options: dict[str, datetime] = st.session_state.get(f"{key}_options", {})
    return options.get(str(name))
