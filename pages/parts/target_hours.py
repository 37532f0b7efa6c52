"""Business hours of the desk and of groups as fields: the week, the time zone, holidays, further days off."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from pages.parts import office
from pages.parts.markup import mute, show, tag
from triage import teams
from triage.errors import InputError, SettingsError
from triage.models import now
from triage.sla.hours import countries, public_holidays, zone_of
from triage.sla.plan import DESK


def hours(kept: dict[str, Any], editor: bool) -> dict[str, Any]:
    """Fields for the desk and for every group with hours of its own; returns what they hold.

    Raises InputError for a day that cannot be read.
    """
    turn, plan = kept["turn"], kept["plan"]
    show(tag("h2", "Business hours", cls="td-h3"))
    chosen = []
    groups = sorted({*office.read(teams.names), *(name for name in plan["hours"] if name)})
    own = [name for name in plan["hours"] if name]
    if groups:
        chosen = st.multiselect(
            "Groups with hours of their own",
            groups,
            own,
            key=f"hours_groups_{turn}",
            placeholder="None: all work when the desk does",
            disabled=not editor,
        )
    start = plan["hours"][DESK]
    return {"hours": {name: _hours(name, plan["hours"].get(name, start), f"{turn}_{name}", editor) for name in [DESK, *chosen]}}


def _hours(name: str, given: dict[str, Any], key: str, editor: bool) -> dict[str, Any]:
    with st.container(key=f"box_hours_{key or 'desk'}"):
        show(tag("b", name or "The desk"))
        first, second = st.columns([1.4, 1], gap="small")
        week = first.text_input(
            "Hours",
            given["week"],
            key=f"week_{key}",
            disabled=not editor,
            help="Such as Mon-Fri 08:00-12:00 13:00-18:00, Sat 10:00-14:00. A night is written as two days.",
        )
        zones = sorted(available_timezones())
        zone = second.selectbox("Time zone", zones, index=zones.index(given["zone"]), key=f"zone_{key}", disabled=not editor)
        first, second = st.columns(2, gap="small")
        known = ["", *countries()]
        country = first.selectbox(
            "Public holidays of",
            known,
            index=known.index(given["country"]),
            key=f"country_{key}",
            format_func=lambda code: code or "no country",
            disabled=not editor,
        )
        regions = ["", *countries().get(country or "", [])]
        region = second.selectbox(
            "Region",
            regions,
            index=regions.index(given["region"]) if given["region"] in regions else 0,
            key=f"region_{key}_{country}",
            format_func=lambda code: code or "the whole country",
            disabled=not editor or len(regions) == 1,
        )
        first, second = st.columns(2, gap="small")
        closed = first.text_area(
            "Further days off",
            "\n".join(given["closed"]),
            key=f"closed_{key}",
            height=70,
            placeholder="2026-12-24, one a line",
            disabled=not editor,
        )
        worked = second.text_area(
            "Holidays that are worked",
            "\n".join(given["worked"]),
            key=f"worked_{key}",
            height=70,
            placeholder="2026-04-06, one a line",
            disabled=not editor,
        )
        _next_holidays(zone or "UTC", country or "", region or "")
    return {
        "week": week,
        "zone": zone,
        "country": country,
        "region": region,
        "closed": _days(closed or ""),
        "worked": _days(worked or ""),
    }


def _next_holidays(zone: str, country: str, region: str) -> None:
    """The next few holidays by name, so that people see whether they are the right ones."""
    if not country:
        return
    try:
        known = public_holidays(country, region)
        today = now().astimezone(zone_of(zone)).date()
        _ = [day in known for day in (today, date(today.year + 1, 1, 1))]  # years are worked out as they are asked for
    except (SettingsError, ValueError):
        return
    coming = sorted(day for day in known if day >= today)[:3]
    show(mute("Next: " + ", ".join(f"{known[day]} ({day:%-d %b})" for day in coming)))


def _days(text: str) -> list[str]:
    found = []
    for line in filter(None, (one.strip() for one in text.replace(",", "\n").splitlines())):
        try:
            found.append(date.fromisoformat(line).isoformat())
        except ValueError as error:
            raise InputError(f"“{line}” is no day; write it like 2026-12-24.") from error
    return list(dict.fromkeys(found))
