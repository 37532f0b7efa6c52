"""What became of replies that waited for a colleague: one's own, and trainees' in figures for whoever sees them."""

from markupsafe import Markup

from pages.parts import difference, office, screen, words
from pages.parts.markup import card, chip, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning import own
from triage.learning.own import Became, Figures
from triage.models import User

_SAID = {
    "waiting": ("waits", ""), "as written": ("sent as written", "o"), "changed": ("sent with changes", "a"), "came back": ("came back", "w"),
    "rejected": ("rejected", "b"), "other": ("escalated or closed", ""),
}  # fmt: skip


def own_outcomes(user: User) -> None:
    """Nothing at all for whoever never handed a reply in and has no trainees."""
    mine = office.read(lambda session: own.became(session, user))
    if mine:
        found = office.read(lambda session: own.figures(session, user))
        show(card(mute(_line(found)), *[_reply(one) for one in mine], title="Your replies that a colleague decided"))
    if access.may(user, Permission.SEE_FIGURES) and (people := office.read(lambda session: own.trainees(session, user))):
        lines = [
            [
                one.name,
                f"{one.decided}",
                f"{one.as_written}",
                f"{one.changed}",
                f"{one.came_back}",
                f"{one.rejected}",
                _percent(one),
            ]
            for one in people
        ]
        columns = ["Trainee", "Decided", "As written", "With changes", "Came back", "Rejected", "Words changed, median"]
        show(card(screen.report(columns, lines, numbers=range(1, len(columns))), title="What became of trainees' replies"))


def _line(found: Figures) -> str:
    if not found.decided:
        return "None is decided yet."
    return f"{found.as_written} of {found.decided} sent as written, {found.changed} with changes, {found.came_back} came back, {found.rejected} rejected."


def _percent(found: Figures) -> str:
    return "–" if found.distance is None else f"{found.distance:.0%}"


def _reply(one: Became) -> Markup:
    said, tone = _SAID[one.outcome]
    by = mute(f" {one.by} " if one.by else " ", words.ago(one.at))
    comment = tag("div", f"“{one.comment}”") if one.comment else None
    changed = (
        tag("details", tag("summary", "What was changed"), difference.inline(one.body, one.sent), cls="td-fold")
        if one.outcome == "changed"
        else None
    )
    return tag(
        "div",
        screen.ticket_link(one.ticket_id, f"#{one.ticket_id} {one.subject}"),
        " ",
        chip(said, tone),
        by,
        comment,
        changed,
        cls="td-item",
    )
