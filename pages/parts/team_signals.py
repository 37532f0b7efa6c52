"""Signals of reviewing as managers see them: of those who share them, in the order of names."""

from markupsafe import Markup

from pages.parts import office, screen
from pages.parts.markup import card, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning.metrics import Figure, wording
from triage.models import User
from triage.reviewing import team
from triage.reviewing.reading import DAYS


def team_signals(user: User) -> None:
    """Nothing at all for who sees no figures of others, or while nobody shares."""
    if not access.may(user, Permission.SEE_FIGURES):
        return
    people = office.read(lambda session: team.of(session, user))
    if not people:
        return
    lines = [[one.name, _share(one.fast), _share(one.caught)] for one in people]
    columns = ["Person", f"Approved faster than reading, {DAYS} days", "Exercises caught"]
    how = "Only of those who chose to share them, under You, and as long as they do. In the order of names; a small share says little."
    show(card(screen.report(columns, lines, numbers=(1, 2)), tag("div", mute(how)), title="Reviewer signals"))


def _share(figure: Figure) -> Markup:
    if not figure.enough or figure.value is None or figure.low is None or figure.high is None:
        return mute(wording.NOT_ENOUGH)
    return tag("span", f"{figure.value:.0%} ", mute(f"{figure.low:.0%} to {figure.high:.0%}, of {figure.denominator:,}"))
