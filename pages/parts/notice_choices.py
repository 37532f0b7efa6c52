"""What one is told and by which way: a matrix of events, the pace of messages, quiet hours, one's own webhooks."""

from zoneinfo import available_timezones

import streamlit as st

from pages.parts import office, words
from pages.parts.markup import mute, show, tag
from pages.parts.webhook_list import webhooks
from triage.models import NoticeSettings, User
from triage.notifications import settings
from triage.notifications.events import EVENTS, WAYS, is_for

_WIDTHS = (3.2, 1, 1, 1)


def choices(user: User) -> None:
    """Events on the left, pace, quiet hours and webhooks on the right; a change counts at once."""
    kept = office.read(lambda session: settings.of(session, user))
    left, right = st.columns([1.5, 1], gap="medium")
    with left, st.container(key="box_events"):
        show(tag("h2", "Tell me of", cls="td-h3"))
        _matrix(user, kept)
    with right:
        with st.container(key="box_pace"):
            _pace(user, kept)
        with st.container(key="box_own_webhooks"):
            show(
                tag("h2", "Your webhooks", cls="td-h3"),
                mute("For a chat of your own, such as a Slack channel's incoming webhook."),
            )
            webhooks(user, shared=False)


def _matrix(user: User, kept: NoticeSettings) -> None:
    head = st.columns(_WIDTHS, gap="small")
    for place, label in zip(head[1:], WAYS.values(), strict=True):
        with place:
            show(mute(label))
    for name, event in EVENTS.items():
        if not is_for(name, user.role):
            continue
        ways = settings.ways_of(kept, name)
        places = st.columns(_WIDTHS, gap="small", vertical_alignment="center")
        with places[0]:
            show(tag("div", tag("b", event.title), tag("div", mute(event.help))))
        for place, (way, label) in zip(places[1:], WAYS.items(), strict=True):
            if way not in event.ways:
                continue
            key = f"tell_{name}_{way}"
            st.session_state[key] = way in ways
            place.checkbox(f"{event.title}: {label}", key=key, on_change=_choose, args=(user, name), label_visibility="collapsed")


def _choose(user: User, name: str) -> None:
    ways = [way for way in WAYS if st.session_state.get(f"tell_{name}_{way}")]
    office.act(lambda session: settings.choose(session, user, name, ways), "Saved.")


def _pace(user: User, kept: NoticeSettings) -> None:
    show(tag("h2", "E-mail and webhooks", cls="td-h3"))
    if user.demo:
        show(mute("Demo accounts get no e-mail; everything else works."))
    st.selectbox(
        "How often", list(settings.EVERY), index=list(settings.EVERY).index(kept.every), format_func=lambda n: settings.EVERY[n].capitalize(),
        key="pace", on_change=lambda: office.act(lambda session: settings.pace(session, user, int(st.session_state["pace"])), "Saved."),
        help="What happens in between comes together in one message. What you read in the desk before is left out.",
    )  # fmt: skip
    quiet = kept.quiet
    zones = sorted(available_timezones())
    zone = str(quiet.get("zone") or words.zone())
    first, second = st.columns(2, gap="small")
    begins = first.text_input("Quiet from", str(quiet.get("from", "")), key="quiet_from", placeholder="22:00")
    ends = second.text_input("until", str(quiet.get("to", "")), key="quiet_to", placeholder="07:00")
    where = st.selectbox("Time zone", zones, index=zones.index(zone) if zone in zones else zones.index("UTC"), key="quiet_zone")
    weekends = st.checkbox("Quiet on weekends", bool(quiet.get("weekends")), key="quiet_weekends")
    if st.button("Save quiet hours", key="quiet_save"):
        office.act(
            lambda session: settings.be_quiet(session, user, begins=begins, ends=ends, zone=where or "UTC", weekends=weekends),
            "Saved.",
        )
        st.rerun()
    show(mute("Messages of quiet hours are held and come together when they end. The bell stays as it is."))
