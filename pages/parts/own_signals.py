"""Signals of one's own reviewing: whether one wants them, who else may see them, and what they say."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, mute, show, tag
from triage.learning.metrics import Figure, wording
from triage.learning.metrics.statistics import ENOUGH
from triage.models import Exercise, User
from triage.reviewing import consent, exercises, reading
from triage.reviewing.consent import Word
from triage.reviewing.exercises import Past
from triage.reviewing.reading import Approval, Reading

_KEY = "signals_word"
_WORDS = {Word.OFF: "Off", Word.OWN: "For me alone", Word.SHARED: "For me and the managers"}
_MEANS = {
    Word.OFF: "Nothing is worked out, by nobody and for nobody.",
    Word.OWN: "You see them here, nobody else does. Exercises come into your queue now and then.",
    Word.SHARED: "Managers see the same figures beside your name on Metrics, in the order of names and without a ranking.",
}
_SAID = {
    Word.OFF: "Off. Nobody sees signals of your reviewing any more.",
    Word.OWN: "Only you see your signals now.",
    Word.SHARED: "Managers see your signals now.",
}
_SHOWN = 20


def own_signals(user: User) -> None:
    """The choice on the left, what it brings on the right."""
    word = office.read(lambda session: consent.word(session, user))
    left, right = st.columns([1, 1.6], gap="medium")
    with left, st.container(key="box_signals"):
        show(tag("h2", "Signals of your reviewing", cls="td-h3"))
        st.session_state[_KEY] = word
        st.radio(
            "Who may see them", list(Word), format_func=lambda one: _WORDS[one], captions=[_MEANS[one] for one in Word],
            key=_KEY, on_change=_choose, args=(user,),
        )  # fmt: skip
        show(
            mute(
                "It is your choice alone and yours to change at any time. Off forgets your exercises; switched on again, all begins anew."
            )
        )
    with right:
        _signals(user)


def _choose(user: User) -> None:
    wanted = Word(st.session_state[_KEY])
    office.act(lambda session: consent.say(session, user, wanted), _SAID[wanted])


def _signals(user: User) -> None:
    kept = office.read(lambda session: consent.of(session, user))
    if kept is None:
        screen.empty(
            "Off",
            "Here you would see which of your approvals were faster than reading the message and the draft takes, and how you did in exercises.",
        )
        return
    show(mute("Since ", words.ago(kept.since)))
    show(_reading(office.read(lambda session: reading.of(session, kept))))
    show(_exercises(office.read(lambda session: exercises.past(session, kept))))


def _reading(found: Reading) -> Markup:
    how = (
        f"Approvals of the last {reading.DAYS} days that took less time than reading the customer's message and the draft takes at "
        f"{reading.WORDS_A_MINUTE} words a minute, which few people read faster. Only first drafts approved by themselves count, "
        "by the time they were open in one browser tab: what you had read before reloading the page is not in it."
    )
    lines = [_approval(one) for one in found.fast[:_SHOWN]]
    return card(_share(found.figure, "approvals"), tag("div", mute(how)), *lines, title="Faster than reading")


def _exercises(found: Past) -> Markup:
    how = (
        "Now and then a ticket of your queue is a copy of an earlier one whose draft got one known mistake. It is never sent and in no "
        "other figure. You are told what it was the moment you decide; rejecting it, sending it back or mending it all count as caught."
    )
    return card(_share(found.figure, "caught"), tag("div", mute(how)), *map(_exercise, found.newest), title="Exercises")


def _exercise(one: Exercise) -> Markup:
    said, tone = {"caught": ("caught", "o"), "missed": ("got past you", "w")}.get(one.ended, ("handed on", ""))
    return tag("div", chip(said, tone), " ", one.told, " ", mute(words.ago(one.ended_at)), cls="td-item")


def _share(figure: Figure, of: str) -> Markup:
    """n of m, with the share and its interval once there are enough to say one."""
    count = tag("b", f"{figure.numerator} of {figure.denominator} {of}")
    if not figure.enough or figure.value is None or figure.low is None or figure.high is None:
        return tag("div", count, mute(f" · not enough for a share, which takes {ENOUGH}"))
    return tag("div", count, mute(f" · {figure.value:.0%}, 95% interval {figure.low:.0%} to {figure.high:.0%}"))


def _approval(one: Approval) -> Markup:
    took = f"{wording.seconds(one.took)} instead of {wording.seconds(one.needed)} at least"
    return tag(
        "div", screen.ticket_link(one.ticket_id, f"#{one.ticket_id} {one.subject}"), mute(f" {took} · ", words.ago(one.at)), cls="td-item"
    )  # fmt: skip
